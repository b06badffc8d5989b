// A web server and a client that fetches at once, in a program that needs no library.
//
//	gopher serve ADDRESS DIRECTORY
//	gopher fetch URL TIMES
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

func fetch(url string, sums chan<- string) {
	answer, err := http.Get(url)
	if err != nil {
		sums <- err.Error()
		return
	}
	defer answer.Body.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, answer.Body); err != nil {
		sums <- err.Error()
		return
	}
	sums <- fmt.Sprintf("%x", digest.Sum(nil))
}

func main() {
	if len(os.Args) != 4 {
		os.Exit(2)
	}
	switch os.Args[1] {
	case "serve":
		err := http.ListenAndServe(os.Args[2], http.FileServer(http.Dir(os.Args[3])))
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "fetch":
		times, _ := strconv.Atoi(os.Args[3])
		sums := make(chan string)
		for i := 0; i < times; i++ {
			go fetch(os.Args[2], sums)
		}
		for i := 0; i < times; i++ {
			fmt.Println(<-sums)
		}
	}
}
