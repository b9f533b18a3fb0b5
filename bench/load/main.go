// Load generator and upstream of the proxy's benchmarks. The result is one line of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: load upstream|requests|transfer|uploads|events|soak [flags]"))
	}
	commands := map[string]func([]string) (any, error){
		"upstream": upstream,
		"requests": requests,
		"transfer": transfer,
		"uploads":  uploads,
		"events":   events,
		"soak":     soak,
	}
	command, known := commands[os.Args[1]]
	if !known {
		fail(fmt.Errorf("unknown command %q", os.Args[1]))
	}
	result, err := command(os.Args[2:])
	if err != nil {
		fail(err)
	}
	say(result)
}

func say(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}
