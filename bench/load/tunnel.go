package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// target says where requests go: through a proxy, or straight to the upstream when proxy is empty.
type target struct {
	proxy string
	host  string // host:port as CONNECT names it
	dial  string // address of the upstream without a proxy
}

// tunnel is one TLS connection for one request after the other.
type tunnel struct {
	conn   *tls.Conn
	reader *bufio.Reader
	host   string
}

func (t target) open() (*tunnel, error) {
	name, _, err := net.SplitHostPort(t.host)
	if err != nil {
		return nil, err
	}
	address := t.proxy
	if address == "" {
		address = t.dial
	}
	raw, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	raw.SetDeadline(time.Now().Add(5 * time.Second))
	if t.proxy != "" {
		fmt.Fprintf(raw, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", t.host, t.host)
		answer, err := http.ReadResponse(bufio.NewReaderSize(raw, 16), &http.Request{Method: "CONNECT"})
		if err != nil {
			return nil, err
		}
		if answer.StatusCode != 200 {
			return nil, fmt.Errorf("CONNECT was answered with %d", answer.StatusCode)
		}
	}
	// Who issued the certificate is no matter of speed: proxies are compared, each with a CA of its own.
	conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: name})
	if err := conn.Handshake(); err != nil {
		raw.Close()
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	return &tunnel{conn: conn, reader: bufio.NewReaderSize(conn, 64*1024), host: t.host}, nil
}

// ask sends one request and reads its whole answer.
func (t *tunnel) ask(method, path string, body []byte, deadline time.Duration) (int, int64, error) {
	t.conn.SetDeadline(time.Now().Add(deadline))
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n", method, path, t.host)
	if body != nil {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	if _, err := t.conn.Write(append([]byte(head+"\r\n"), body...)); err != nil {
		return 0, 0, err
	}
	answer, err := http.ReadResponse(t.reader, nil)
	if err != nil {
		return 0, 0, err
	}
	size, err := io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, size, err
}

func (t *tunnel) close() { t.conn.Close() }
