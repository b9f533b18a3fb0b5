package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

func targetFlags(flags *flag.FlagSet) *target {
	to := &target{}
	flags.StringVar(&to.proxy, "proxy", "", "address of the proxy; none: straight to the upstream")
	flags.StringVar(&to.host, "host", "", "authority, host:port")
	flags.StringVar(&to.dial, "dial", "", "address of the upstream, without a proxy")
	return to
}

type requestsResult struct {
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50"` // milliseconds
	P99       float64 `json:"p99"`
	Failures  int     `json:"failures"`
}

// requests sends small requests over some connections, one after the other on each.
func requests(args []string) (any, error) {
	flags := flag.NewFlagSet("requests", flag.ExitOnError)
	to := targetFlags(flags)
	connections := flags.Int("c", 16, "connections")
	duration := flags.Duration("d", 5*time.Second, "how long")
	flags.Parse(args)
	var lock sync.Mutex
	var group sync.WaitGroup
	var took []time.Duration
	failures := 0
	fail := func() { lock.Lock(); failures++; lock.Unlock() }
	ready := make(chan struct{})
	var opened sync.WaitGroup
	var start time.Time
	for i := 0; i < *connections; i++ {
		group.Add(1)
		opened.Add(1)
		go func() {
			defer group.Done()
			tunnel, err := to.open()
			opened.Done()
			if err != nil {
				fail()
				return
			}
			defer tunnel.close()
			<-ready
			var mine []time.Duration
			for time.Since(start) < *duration {
				begun := time.Now()
				status, _, err := tunnel.ask("GET", "/small", nil, 10*time.Second)
				if err != nil {
					fail()
					break
				}
				if status != 200 {
					fail()
				}
				mine = append(mine, time.Since(begun))
			}
			lock.Lock()
			took = append(took, mine...)
			lock.Unlock()
		}()
	}
	opened.Wait()
	start = time.Now()
	close(ready)
	group.Wait()
	elapsed := time.Since(start).Seconds()
	return requestsResult{
		PerSecond: float64(len(took)) / elapsed,
		P50:       percentile(took, 50),
		P99:       percentile(took, 99),
		Failures:  failures,
	}, nil
}

func percentile(took []time.Duration, percent int) float64 {
	if len(took) == 0 {
		return 0
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return float64(took[min(len(took)-1, len(took)*percent/100)].Microseconds()) / 1000
}

// line is what uploads are made of: the detectors look at text, which costs them more than nothing.
const line = "{\"role\": \"user\", \"content\": \"The quick brown fox number 4711 jumps over the lazy dogs of the yard.\"},\n"

// conversation is a body of some size that takes no memory.
type conversation struct{ at, size int64 }

func (c *conversation) Read(into []byte) (int, error) {
	if c.at == c.size {
		return 0, io.EOF
	}
	count := 0
	for count < len(into) && c.at < c.size {
		from := int(c.at % int64(len(line)))
		copied := copy(into[count:], line[from:min(len(line), from+int(min(int64(len(line)), c.size-c.at)))])
		count += copied
		c.at += int64(copied)
	}
	return count, nil
}

// transfer moves one large body up or down and tells megabytes (2^20 bytes) a second.
func transfer(args []string) (any, error) {
	flags := flag.NewFlagSet("transfer", flag.ExitOnError)
	to := targetFlags(flags)
	size := flags.Int64("n", 256<<20, "bytes")
	up := flags.Bool("up", false, "upload instead of download")
	flags.Parse(args)
	tunnel, err := to.open()
	if err != nil {
		return nil, err
	}
	defer tunnel.close()
	if _, _, err := tunnel.ask("GET", "/small", nil, 10*time.Second); err != nil {
		return nil, err
	}
	start := time.Now()
	if *up {
		err = tunnel.upload(*size)
	} else {
		var got int64
		_, got, err = tunnel.ask("GET", fmt.Sprintf("/bytes?n=%d", *size), nil, 2*time.Minute)
		if err == nil && got != *size {
			err = fmt.Errorf("%d of %d bytes came", got, *size)
		}
	}
	if err != nil {
		return nil, err
	}
	seconds := time.Since(start).Seconds()
	return map[string]float64{"megabytesPerSecond": float64(*size) / (1 << 20) / seconds}, nil
}

type uploadsResult struct {
	Count              int     `json:"count"`
	MegabytesPerSecond float64 `json:"megabytesPerSecond"` // 2^20 bytes, all connections together
	Failures           int     `json:"failures"`
}

// uploads sends large bodies over some connections, one after the other on each.
func uploads(args []string) (any, error) {
	flags := flag.NewFlagSet("uploads", flag.ExitOnError)
	to := targetFlags(flags)
	size := flags.Int64("n", 8<<20, "bytes of a body")
	connections := flags.Int("c", 4, "connections")
	duration := flags.Duration("d", 5*time.Second, "how long")
	flags.Parse(args)
	var lock sync.Mutex
	var group sync.WaitGroup
	result := uploadsResult{}
	start := time.Now()
	for i := 0; i < *connections; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			tunnel, err := to.open()
			for err == nil && time.Since(start) < *duration {
				if err = tunnel.upload(*size); err == nil {
					lock.Lock()
					result.Count++
					lock.Unlock()
				}
			}
			if err != nil {
				lock.Lock()
				result.Failures++
				lock.Unlock()
			}
			if tunnel != nil {
				tunnel.close()
			}
		}()
	}
	group.Wait()
	megabytes := float64(result.Count) * float64(*size) / (1 << 20)
	result.MegabytesPerSecond = megabytes / time.Since(start).Seconds()
	return result, nil
}

func (t *tunnel) upload(size int64) error {
	t.conn.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprintf(t.conn, "POST /upload HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", t.host, size)
	writer := bufio.NewWriterSize(t.conn, 64*1024)
	if _, err := io.Copy(writer, &conversation{0, size}); err != nil {
		return err
	}
	if err := writer.Flush(); err != nil {
		return err
	}
	answer, err := http.ReadResponse(t.reader, nil)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil && string(text) != strconv.FormatInt(size, 10) {
		err = fmt.Errorf("the upstream received %q", text)
	}
	return err
}

// events tells how long after it was sent each event of a stream arrived, in milliseconds.
func events(args []string) (any, error) {
	flags := flag.NewFlagSet("events", flag.ExitOnError)
	to := targetFlags(flags)
	streams := flags.Int("streams", 10, "streams")
	count := flags.Int("n", 20, "events of a stream")
	flags.Parse(args)
	var first, later []time.Duration
	for i := 0; i < *streams; i++ {
		delays, err := to.eventDelays(*count)
		if err != nil {
			return nil, err
		}
		first = append(first, delays[0])
		later = append(later, delays[1:]...)
	}
	return map[string]float64{
		"firstP50": percentile(first, 50),
		"firstP99": percentile(first, 99),
		"laterP50": percentile(later, 50),
		"laterP99": percentile(later, 99),
	}, nil
}

func (t target) eventDelays(count int) ([]time.Duration, error) {
	tunnel, err := t.open()
	if err != nil {
		return nil, err
	}
	defer tunnel.close()
	if _, _, err := tunnel.ask("GET", "/small", nil, 10*time.Second); err != nil {
		return nil, err
	}
	tunnel.conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(tunnel.conn, "GET /events?n=%d&every=20ms HTTP/1.1\r\nHost: %s\r\n\r\n", count, tunnel.host)
	answer, err := http.ReadResponse(tunnel.reader, nil)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(answer.Body)
	var delays []time.Duration
	for lines.Scan() {
		sent, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		at, err := strconv.ParseInt(sent, 10, 64)
		if err != nil {
			return nil, err
		}
		delays = append(delays, time.Duration(time.Now().UnixNano()-at))
	}
	if len(delays) != count {
		return nil, fmt.Errorf("%d of %d events came", len(delays), count)
	}
	return delays, lines.Err()
}
