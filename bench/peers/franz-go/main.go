// One lap of franz-go: the lap as JSON in the first argument, what it took as one line of JSON on standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type lap struct {
	Direction  string
	Bootstrap  string
	Topic      string
	Records    int
	Size       int
	Acks       string
	BatchBytes int32
	LingerMs   int
	Codec      string
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (l lap) client() *kgo.Client {
	codec, known := map[string]kgo.CompressionCodec{
		"": kgo.NoCompression(), "none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}[l.Codec]
	if !known {
		fail(fmt.Errorf("no codec %q", l.Codec))
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(l.Bootstrap), kgo.DefaultProduceTopic(l.Topic), kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(time.Duration(l.LingerMs) * time.Millisecond), kgo.MaxBufferedRecords(100_000),
	}
	if l.BatchBytes > 0 {
		options = append(options, kgo.ProducerBatchMaxBytes(l.BatchBytes))
	}
	if l.Acks == "leader" {
		options = append(options, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	} else if l.Acks == "none" {
		options = append(options, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	}
	if l.Direction == "consume" {
		options = append(options, kgo.ConsumeTopics(l.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		fail(err)
	}
	return client
}

func (l lap) produce(client *kgo.Client) int {
	value := make([]byte, l.Size)
	for at := range value {
		value[at] = "etaoin shrdlu{}:,0123456789"[at%27]
	}
	var under sync.WaitGroup
	for range l.Records {
		under.Add(1)
		client.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				fail(err)
			}
			under.Done()
		})
	}
	under.Wait()
	return l.Records
}

func (l lap) consume(client *kgo.Client) int {
	records := 0
	for records < l.Records {
		fetches := client.PollFetches(context.Background())
		if errors := fetches.Errors(); len(errors) > 0 {
			fail(errors[0].Err)
		}
		records += fetches.NumRecords()
	}
	return records
}

func main() {
	var l lap
	if err := json.Unmarshal([]byte(os.Args[1]), &l); err != nil {
		fail(err)
	}
	client := l.client()
	defer client.Close()
	began := time.Now()
	records := 0
	if l.Direction == "produce" {
		records = l.produce(client)
	} else {
		records = l.consume(client)
	}
	seconds := time.Since(began).Seconds()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		fail(err)
	}
	cpu := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	result, _ := json.Marshal(map[string]any{"records": records, "seconds": seconds, "cpuSeconds": cpu})
	fmt.Println(string(result))
}
