// Judges compare-and-set registers in JSON Lines with Porcupine: for each file a line with the
// verdict and the microseconds, the least of three.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type input struct {
	f        string
	from, to int
}

type output struct {
	isUnknown bool
	value     int
	isDone    bool
}

type event struct {
	Process int
	Type, F string
	Value   interface{}
}

const none = -1

func step(state, in, out interface{}) (bool, interface{}) {
	now, asked, answer := state.(int), in.(input), out.(output)
	switch asked.f {
	case "read":
		return answer.isUnknown || answer.value == now, now
	case "write":
		return true, asked.to
	}
	after := now
	if now == asked.from {
		after = asked.to
	}
	return answer.isUnknown || answer.isDone == (now == asked.from), after
}

func number(value interface{}) int {
	if value == nil {
		return none
	}
	return int(value.(float64))
}

func events(path string) []porcupine.Event {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	var events []porcupine.Event
	open := map[int]int{}
	var unanswered []int
	lines := bufio.NewScanner(file)
	for next := 0; lines.Scan(); {
		var line event
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			panic(err)
		}
		switch line.Type {
		case "invoke":
			asked := input{f: line.F}
			if pair, isPair := line.Value.([]interface{}); isPair {
				asked.from, asked.to = number(pair[0]), number(pair[1])
			} else {
				asked.to = number(line.Value)
			}
			open[line.Process] = next
			events = append(events, porcupine.Event{Kind: porcupine.CallEvent, Value: asked, Id: next})
			next++
		case "ok":
			answer := output{isDone: line.Value != false}
			if line.F == "read" {
				answer.value = number(line.Value)
			}
			id := open[line.Process]
			events = append(events, porcupine.Event{Kind: porcupine.ReturnEvent, Value: answer, Id: id})
		default:
			unanswered = append(unanswered, open[line.Process])
		}
	}
	for _, id := range unanswered {
		answer := output{isUnknown: true}
		events = append(events, porcupine.Event{Kind: porcupine.ReturnEvent, Value: answer, Id: id})
	}
	return events
}

func main() {
	model := porcupine.Model{Init: func() interface{} { return none }, Step: step}
	for _, path := range os.Args[1:] {
		history := events(path)
		var least time.Duration
		var verdict porcupine.CheckResult
		for run := 0; run < 3; run++ {
			start := time.Now()
			verdict = porcupine.CheckEventsTimeout(model, history, 10*time.Second)
			if took := time.Since(start); run == 0 || took < least {
				least = took
			}
		}
		fmt.Println(verdict, least.Microseconds())
	}
}
