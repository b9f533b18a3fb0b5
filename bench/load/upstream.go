package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// upstream serves HTTP/1.1 over TLS until it is killed, after a line that tells its port:
// /bytes?n=N answers N bytes, /events?n=N&every=D answers events that carry the time they were sent at,
// anything else reads the body and answers its size.
func upstream(args []string) (any, error) {
	flags := flag.NewFlagSet("upstream", flag.ExitOnError)
	cert := flags.String("cert", "", "certificate chain, PEM file")
	key := flags.String("key", "", "private key, PEM file")
	flags.Parse(args)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	block := make([]byte, 64*1024)
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.Atoi(r.URL.Query().Get("n"))
		w.Header().Set("Content-Length", strconv.Itoa(left))
		for left > 0 {
			size := min(left, len(block))
			if _, err := w.Write(block[:size]); err != nil {
				return
			}
			left -= size
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		count, _ := strconv.Atoi(r.URL.Query().Get("n"))
		every, _ := time.ParseDuration(r.URL.Query().Get("every"))
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; i < count; i++ {
			if i > 0 {
				time.Sleep(every)
			}
			fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixNano())
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		size, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d", size)
	})
	server := &http.Server{
		Handler:      mux,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	say(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	return nil, server.ServeTLS(listener, *cert, *key)
}
