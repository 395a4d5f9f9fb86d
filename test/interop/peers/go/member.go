package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A member of a group polls in a goroutine of its own, notes what it receives in its file, and only then commits.
type member struct {
	client        *kgo.Client
	file          *os.File
	brokerAssigns bool
	leave         context.CancelFunc
	left          chan struct{}

	lock       sync.Mutex
	assigned   map[int32]bool
	rebalances int
	failure    error
}

var members = map[string]*member{}

func join(request url.Values) error {
	file, err := os.OpenFile(request.Get("file"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	ctx, leave := context.WithCancel(context.Background())
	one := &member{file: file, brokerAssigns: request.Get("assignor") == "broker", leave: leave, left: make(chan struct{}), assigned: map[int32]bool{}}
	options := append(groupOptions(request, request.Get("topic")), kgo.DisableAutoCommit(), kgo.OnPartitionsAssigned(one.onAssigned),
		kgo.OnPartitionsRevoked(one.onGone), kgo.OnPartitionsLost(one.onGone))
	switch request.Get("assignor") {
	case "broker":
		options = append(options, kgo.Balancers(kgo.RangeBalancer()), kgo.ServerSideBalancer())
	case "cooperative":
		options = append(options, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	default:
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	}
	if one.client, err = kgo.NewClient(options...); err != nil {
		return err
	}
	members[request.Get("member")] = one
	go one.poll(ctx)
	return nil
}

func groupOptions(request url.Values, topic string) []kgo.Opt {
	millis, _ := strconv.Atoi(request.Get("session"))
	session := time.Duration(millis) * time.Millisecond
	options := []kgo.Opt{kgo.SeedBrokers(os.Args[1]), kgo.ConsumerGroup(request.Get("group")), kgo.ConsumeTopics(topic),
		kgo.SessionTimeout(session), kgo.HeartbeatInterval(session / 4)}
	if request.Has("instance") {
		options = append(options, kgo.InstanceID(request.Get("instance")))
	}
	return options
}

func (one *member) poll(ctx context.Context) {
	defer close(one.left)
	defer one.client.Close()
	defer one.file.Close()
	for ctx.Err() == nil {
		fetches := one.client.PollFetches(ctx)
		lines := ""
		fetches.EachRecord(func(record *kgo.Record) { lines += fmt.Sprintf("%d %d\n", record.Partition, record.Offset) })
		if lines == "" {
			continue
		}
		_, err := one.file.WriteString(lines)
		if err == nil {
			err = one.client.CommitUncommittedOffsets(context.Background())
		}
		if err != nil && !moved(err) {
			one.lock.Lock()
			one.failure = err
			one.lock.Unlock()
			return
		}
	}
}

// Whether the group has moved on: whoever has the partitions now receives the records again.
func moved(err error) bool {
	known := []error{kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress, kerr.StaleMemberEpoch, kerr.FencedMemberEpoch}
	return slices.ContainsFunc(known, func(one error) bool { return errors.Is(err, one) })
}

func (one *member) onAssigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	one.lock.Lock()
	defer one.lock.Unlock()
	// In KIP-848 it is called in vain, too.
	if len(added) > 0 || !one.brokerAssigns {
		one.rebalances++
	}
	for _, partitions := range added {
		for _, partition := range partitions {
			one.assigned[partition] = true
		}
	}
}

func (one *member) onGone(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	one.lock.Lock()
	defer one.lock.Unlock()
	for _, partitions := range gone {
		for _, partition := range partitions {
			delete(one.assigned, partition)
		}
	}
}

func state(request, reply url.Values) error {
	one := members[request.Get("member")]
	one.lock.Lock()
	defer one.lock.Unlock()
	held := []string{}
	for partition := range one.assigned {
		held = append(held, strconv.Itoa(int(partition)))
	}
	reply.Set("assigned", strings.Join(held, ","))
	reply.Set("rebalances", strconv.Itoa(one.rebalances))
	return one.failure
}

func leave(request url.Values) error {
	one := members[request.Get("member")]
	delete(members, request.Get("member"))
	one.leave()
	select {
	case <-one.left:
		return one.failure
	case <-time.After(stuck):
		return fmt.Errorf("it did not leave within %s", stuck)
	}
}
