"use strict";
(() => {
  const { states, frames: changes, rows } = JSON.parse(document.getElementById("data").textContent);
  // Each frame is given as what differs from the one before: [down, server, state, ...].
  const frames = [];
  for (const [down, ...pairs] of changes) {
    const [y, ...servers] = frames.at(-1) ?? [0];
    for (let i = 0; i < pairs.length; i += 2) servers[pairs[i]] = pairs[i + 1];
    frames.push([y + down, ...servers]);
  }
  const events = [...document.querySelectorAll(".events > g")];
  const stage = document.getElementById("stage");
  const cursor = document.getElementById("cursor");
  const now = document.getElementById("now");
  const cells = [...document.querySelectorAll("#dock tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  const sentences = [...document.querySelectorAll("#words li")];
  const marked = sentences.filter((sentence) => sentence.dataset.n);
  const words = events.map((event) => event.firstElementChild.textContent);
  let at = 0;
  let told = -1;

  const show = (frame, sentence, isScrolled = true) => {
    const before = frames[at];
    at = Math.max(0, Math.min(frames.length - 1, frame));
    told = sentence;
    const [y, ...servers] = frames[at];
    servers.forEach((state, server) => {
      rows.forEach((_, row) => {
        const cell = cells[row][server];
        const text = states[state][row];
        cell.classList.toggle("changed", isScrolled && states[before[server + 1]][row] !== text);
        cell.textContent = text;
      });
    });
    cursor.style.top = `${cursor.dataset.top * 1 + y}px`;
    sentences.forEach((one, index) => one.toggleAttribute("aria-current", index === told));
    now.textContent = told < 0 ? words[at] : `${sentences[told].dataset.t}  ${sentences[told].textContent}`;
    if (isScrolled) {
      const place = cursor.getBoundingClientRect().top;
      const room = innerHeight - document.getElementById("dock").offsetHeight;
      if (place < 90 || place > room - 60) scrollBy({ top: place - room * 0.45, behavior: "instant" });
    }
  };
  const tell = (sentence) => {
    const index = Math.max(0, Math.min(sentences.length - 1, sentence));
    if (sentences.length) show(Number(sentences[index].dataset.f), index);
  };
  // The sentence that is told last at this moment.
  const place = () => (told >= 0 ? told : sentences.findLastIndex((one) => Number(one.dataset.f) <= at));
  const mark = (step) => {
    const here = place();
    const next = step > 0 ? marked.find((one) => sentences.indexOf(one) > here)
      : marked.findLast((one) => sentences.indexOf(one) < here);
    if (next) tell(sentences.indexOf(next));
  };
  const dim = document.getElementById("dim");
  const toggle = () => dim.setAttribute("aria-pressed", stage.classList.toggle("dim"));
  const steps = {
    j: () => tell(place() + 1), k: () => tell(told < 0 ? place() : place() - 1),
    l: () => show(at + 1, -1), h: () => show(at - 1, -1),
    n: () => mark(1), p: () => mark(-1), d: toggle,
  };
  const inStage = { ArrowDown: steps.j, ArrowUp: steps.k, ArrowRight: steps.l, ArrowLeft: steps.h,
    Home: () => tell(0), End: () => tell(sentences.length - 1) };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isHere = stage.contains(event.target) || event.target.closest("#dock");
    const step = steps[event.key] || (isHere && inStage[event.key]);
    if (step) {
      event.preventDefault();
      step();
    }
  });
  for (const button of document.querySelectorAll("[data-key]")) {
    button.addEventListener("click", steps[button.dataset.key]);
  }
  sentences.forEach((one, index) => one.addEventListener("click", () => tell(index)));
  stage.addEventListener("click", (event) => {
    const shape = event.target.closest(".events > g");
    if (shape) show(events.indexOf(shape), -1);
  });
  for (const one of sentences) one.title = one.dataset.t;
  document.documentElement.classList.add("js");
  const first = marked[0] ? sentences.indexOf(marked[0]) : sentences.length - 1;
  if (first >= 0) show(Number(sentences[first].dataset.f), first, false);
})();
