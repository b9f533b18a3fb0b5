package main

import (
	"flag"
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"time"
)

const stalled = 5 * time.Second

// kind is one sort of request of the soak.
type kind struct {
	name   string
	share  int // of 100
	method string
	path   string
	body   []byte
	status int
	size   int64 // of the answer; -1: any
}

var kinds = []kind{
	{"small", 60, "GET", "/small", nil, 200, 1},
	{"upload", 15, "POST", "/upload", make([]byte, 256*1024), 200, 6},
	{"download", 15, "GET", fmt.Sprintf("/bytes?n=%d", 256*1024), nil, 200, 256 * 1024},
	{"denied", 5, "GET", "/denied", nil, 403, -1},
	{"events", 5, "GET", "/events?n=10&every=10ms", nil, 200, -1},
}

func pick(random *rand.Rand) kind {
	at := random.Intn(100)
	for _, one := range kinds {
		if at < one.share {
			return one
		}
		at -= one.share
	}
	return kinds[0]
}

// soak keeps connections busy with a mix of requests, and says every ten seconds how it goes. A request fails
// when it is not answered as it should be within five seconds.
func soak(args []string) (any, error) {
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	to := targetFlags(flags)
	connections := flags.Int("c", 16, "connections")
	duration := flags.Duration("d", 10*time.Minute, "how long")
	flags.Parse(args)
	var answered, failed, slowest atomic.Int64
	var lock sync.Mutex
	reasons := map[string]int{}
	fail := func(reason string) {
		failed.Add(1)
		lock.Lock()
		reasons[reason]++
		lock.Unlock()
	}
	var group sync.WaitGroup
	end := time.Now().Add(*duration)
	for i := 0; i < *connections; i++ {
		group.Add(1)
		go func(seed int64) {
			defer group.Done()
			random := rand.New(rand.NewSource(seed))
			for time.Now().Before(end) {
				tunnel, err := to.open()
				if err != nil {
					fail("open: " + err.Error())
					time.Sleep(100 * time.Millisecond)
					continue
				}
				// A tunnel lives for some hundred requests, as a client's does.
				for left := 100 + random.Intn(200); left > 0 && time.Now().Before(end); left-- {
					one := pick(random)
					begun := time.Now()
					status, size, err := tunnel.ask(one.method, one.path, one.body, stalled)
					took := time.Since(begun)
					for old := slowest.Load(); int64(took) > old && !slowest.CompareAndSwap(old, int64(took)); old = slowest.Load() {
					}
					if err != nil {
						fail(one.name + ": " + err.Error())
						break
					}
					if status != one.status || (one.size >= 0 && size != one.size) {
						fail(fmt.Sprintf("%s: status %d, %d bytes", one.name, status, size))
						continue
					}
					answered.Add(1)
				}
				tunnel.close()
			}
		}(int64(i))
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	before := int64(0)
	for {
		select {
		case <-ticker.C:
			now := answered.Load()
			say(map[string]any{"perSecond": float64(now-before) / 10, "failed": failed.Load()})
			before = now
		case <-done:
			lock.Lock()
			defer lock.Unlock()
			return map[string]any{
				"answered":            answered.Load(),
				"failed":              failed.Load(),
				"reasons":             reasons,
				"slowestMilliseconds": time.Duration(slowest.Load()).Milliseconds(),
			}, nil
		}
	}
}
