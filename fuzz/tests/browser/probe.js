// Does what a reader would do, and writes down what there is to see.
"use strict";
(async () => {
  const press = (key, target = document.body) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const table = () => document.querySelector("#dock tbody").innerText;
  const now = () => document.getElementById("now").textContent;
  const tables = new Set([table()]);
  const sentences = new Set();
  const count = document.querySelectorAll("#words li").length;
  press("Home", document.getElementById("stage"));
  for (let i = 0; i < count; i++) {
    sentences.add(now());
    tables.add(table());
    press("j");
  }
  const cursor = () => document.getElementById("cursor").getBoundingClientRect().top + scrollY;
  const end = cursor();
  press("k");
  press("h");
  const back = cursor();
  press("n");
  press("p");
  press("d");
  const isDim = document.getElementById("stage").classList.contains("dim");
  press("d");
  const right = (of) => Math.max(0, ...[...document.querySelectorAll(of)].map((e) => e.getBoundingClientRect().right));
  const found = {
    wrong, isDim, count, end, back,
    sentences: sentences.size, tables: tables.size,
    requests: performance.getEntriesByType("resource").length,
    width: document.documentElement.scrollWidth,
    verdict: right("h1, .sentence, .held table, .names svg, #words li, #dock table"),
    isMarked: document.querySelectorAll("#words [aria-current]").length,
    axe: [],
  };
  if (window.axe) {
    const { violations } = await axe.run();
    const isSerious = (one) => ["serious", "critical"].includes(one.impact);
    found.axe = violations.filter(isSerious).map((one) => `${one.id}: ${one.nodes[0].html}`);
  }
  const probe = document.createElement("pre");
  probe.id = "probe";
  probe.textContent = JSON.stringify(found);
  document.body.append(probe);
})();
