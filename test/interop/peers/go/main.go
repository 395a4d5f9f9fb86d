// franz-go as a peer: a line in, a line out, as test/interop/peers/PROTOCOL.md says.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const stuck = 60 * time.Second

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		request, err := url.ParseQuery(lines.Text())
		reply := url.Values{}
		if err == nil {
			switch request.Get("op") {
			case "produce":
				err = produce(request, reply)
			case "read":
				err = read(request, reply)
			case "join":
				err = join(request)
			case "state":
				err = state(request, reply)
			case "leave":
				err = leave(request)
			case "pipe":
				err = startPipe(request)
			case "piped":
				err = piped(reply)
			default:
				err = fmt.Errorf("no such op: %s", request.Get("op"))
			}
		}
		if err != nil {
			reply = url.Values{"error": {err.Error()}}
		}
		fmt.Println(reply.Encode())
	}
}

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func produce(request, reply url.Values) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.ProducerBatchCompression(codecs[request.Get("codec")]),
		kgo.ProducerLinger(5*time.Millisecond), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MaxBufferedRecords(10_000))
	if err != nil {
		return err
	}
	defer client.Close()
	file, err := os.Open(request.Get("file"))
	if err != nil {
		return err
	}
	defer file.Close()
	var failed error
	count := 0
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for in := bufio.NewReaderSize(file, 1<<20); ; count++ {
		record, err := next(in, request.Get("topic"))
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	reply.Set("count", strconv.Itoa(count))
	return failed
}

func next(in io.Reader, topic string) (*kgo.Record, error) {
	var millis int64
	if err := binary.Read(in, binary.BigEndian, &millis); err != nil {
		return nil, err
	}
	record := &kgo.Record{Topic: topic, Timestamp: time.UnixMilli(millis), Key: field(in), Value: field(in)}
	var headers int32
	if err := binary.Read(in, binary.BigEndian, &headers); err != nil {
		return nil, err
	}
	for range headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: string(field(in)), Value: field(in)})
	}
	return record, nil
}

// A field that is cut short is noticed by what follows it.
func field(in io.Reader) []byte {
	var length int32
	if binary.Read(in, binary.BigEndian, &length) != nil || length < 0 {
		return nil
	}
	bytes := make([]byte, length)
	io.ReadFull(in, bytes)
	return bytes
}

func read(request, reply url.Values) error {
	topic := request.Get("topic")
	partitions, err := strconv.Atoi(request.Get("partitions"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	starts, ends, err := bounds(ctx, request, partitions)
	if err != nil {
		return err
	}
	left := 0
	wanted := map[int32]kgo.Offset{}
	for partition := range int32(partitions) {
		if starts[partition] < ends[partition] {
			wanted[partition] = kgo.NewOffset().At(starts[partition])
			left++
		}
	}
	reading := newReading(partitions)
	options := []kgo.Opt{kgo.SeedBrokers(os.Args[1]), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: wanted}), kgo.KeepControlRecords()}
	if request.Get("isolation") == "read_committed" {
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	for left > 0 {
		polling, done := context.WithTimeout(ctx, stuck)
		fetches := client.PollFetches(polling)
		done()
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("after %d records: %w", reading.count, err)
		}
		for _, failure := range fetches.Errors() {
			return fmt.Errorf("partition %d: %w", failure.Partition, failure.Err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if record.Offset >= ends[record.Partition] {
				return
			}
			if !record.Attrs.IsControl() {
				reading.add(record)
			}
			if record.Offset == ends[record.Partition]-1 {
				left--
			}
		})
	}
	reading.into(reply)
	return nil
}

func bounds(ctx context.Context, request url.Values, partitions int) (starts, ends map[int32]int64, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]))
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	topic := request.Get("topic")
	list := admin.ListEndOffsets
	if request.Get("isolation") == "read_committed" {
		list = admin.ListCommittedOffsets
	}
	if ends, err = offsets(list(ctx, topic)); err != nil {
		return nil, nil, err
	}
	switch request.Get("from") {
	case "beginning":
		starts, err = offsets(admin.ListStartOffsets(ctx, topic))
	case "offset":
		starts = map[int32]int64{}
		for i, at := range strings.Split(request.Get("at"), ",") {
			starts[int32(i)], err = strconv.ParseInt(at, 10, 64)
		}
	default:
		millis, _ := strconv.ParseInt(request.Get("at"), 10, 64)
		starts, err = offsets(admin.ListOffsetsAfterMilli(ctx, millis, topic))
	}
	if err == nil && (len(starts) != partitions || len(ends) != partitions) {
		err = fmt.Errorf("%d partitions were asked for, %d found", partitions, len(ends))
	}
	return starts, ends, err
}

func offsets(listed kadm.ListedOffsets, err error) (map[int32]int64, error) {
	found := map[int32]int64{}
	listed.Each(func(one kadm.ListedOffset) {
		if one.Err != nil && err == nil {
			err = one.Err
		}
		found[one.Partition] = one.Offset
	})
	return found, err
}

// What was read, as digests: one running per partition, folded at the end.
type reading struct {
	contents, times []hash.Hash
	count           int
}

func newReading(partitions int) *reading {
	all := &reading{}
	for range partitions {
		all.contents = append(all.contents, sha256.New())
		all.times = append(all.times, sha256.New())
	}
	return all
}

func (all *reading) add(record *kgo.Record) {
	bytes := binary.BigEndian.AppendUint32(nil, uint32(record.Partition))
	bytes = binary.BigEndian.AppendUint64(bytes, uint64(record.Offset))
	bytes = put(put(bytes, record.Key), record.Value)
	bytes = binary.BigEndian.AppendUint32(bytes, uint32(len(record.Headers)))
	for _, header := range record.Headers {
		bytes = put(put(bytes, []byte(header.Key)), header.Value)
	}
	all.contents[record.Partition].Write(bytes)
	all.times[record.Partition].Write(binary.BigEndian.AppendUint64(nil, uint64(record.Timestamp.UnixMilli())))
	all.count++
}

func put(to, bytes []byte) []byte {
	if bytes == nil {
		return binary.BigEndian.AppendUint32(to, 0xffffffff)
	}
	return append(binary.BigEndian.AppendUint32(to, uint32(len(bytes))), bytes...)
}

func (all *reading) into(reply url.Values) {
	reply.Set("count", strconv.Itoa(all.count))
	reply.Set("sha256", fold(all.contents))
	reply.Set("times", fold(all.times))
}

func fold(parts []hash.Hash) string {
	whole := sha256.New()
	for _, part := range parts {
		whole.Write(part.Sum(nil))
	}
	return hex.EncodeToString(whole.Sum(nil))
}
