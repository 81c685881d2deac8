// A Go guest: goroutines, files, JSON, regular expressions, maps and sorting.
// The first argument is a directory it may write in.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"
)

type record struct {
	Name string            `json:"name"`
	N    int               `json:"n"`
	Tags map[string]string `json:"tags"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// squares runs workers over a channel and adds up what they return.
func squares(workers, count int) int {
	in, out := make(chan int), make(chan int, 8)
	var wg sync.WaitGroup
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range in {
				out <- n * n
			}
		}()
	}
	go func() {
		for i := 1; i <= count; i++ {
			in <- i
		}
		close(in)
		wg.Wait()
		close(out)
	}()
	sum := 0
	for n := range out {
		sum += n
	}
	return sum
}

func files(dir string) {
	path := filepath.Join(dir, "records.json")
	f, err := os.Create(path)
	check(err)
	enc := json.NewEncoder(f)
	for i := 0; i < 50; i++ {
		check(enc.Encode(record{fmt.Sprintf("r%02d", i), i * i, map[string]string{"k": strings.Repeat("x", i%5)}}))
	}
	check(f.Close())

	f, err = os.Open(path)
	check(err)
	lines, total, crc := bufio.NewScanner(f), 0, crc32.NewIEEE()
	for lines.Scan() {
		var r record
		check(json.Unmarshal(lines.Bytes(), &r))
		total += r.N
		fmt.Fprint(crc, r.Name, r.Tags["k"])
	}
	check(f.Close())
	fmt.Println("json", total, crc.Sum32())

	check(os.MkdirAll(filepath.Join(dir, "a/b"), 0o755))
	check(os.Rename(path, filepath.Join(dir, "a/b/moved.json")))
	entries, err := os.ReadDir(filepath.Join(dir, "a/b"))
	check(err)
	for _, e := range entries {
		info, err := e.Info()
		check(err)
		fmt.Println("entry", e.Name(), info.Size())
	}
	_, err = os.Stat(path)
	fmt.Println("gone", os.IsNotExist(err))
	check(os.RemoveAll(filepath.Join(dir, "a")))
}

func words() {
	text := strings.Repeat("the quick brown fox-42 jumps over the lazy dog-7; ", 200)
	seen := map[string]int{}
	for _, w := range regexp.MustCompile(`[a-z]+-?(\d+)?`).FindAllString(text, -1) {
		seen[w]++
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return seen[keys[i]] > seen[keys[j]] || seen[keys[i]] == seen[keys[j]] && keys[i] < keys[j] })
	for _, k := range keys {
		fmt.Println("word", k, seen[k])
	}
}

func main() {
	fmt.Println("args", len(os.Args), "env", os.Getenv("GUEST"))
	fmt.Println("squares", squares(8, 1000))
	words()
	files(os.Args[1])
	start := time.Now()
	time.Sleep(5 * time.Millisecond)
	fmt.Println("slept", time.Since(start) >= 5*time.Millisecond)
	func() {
		defer func() { fmt.Println("recovered", recover()) }()
		var p []int
		_ = p[len(os.Args)]
	}()
	os.Exit(7)
}
