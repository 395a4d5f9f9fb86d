package main

import (
	"context"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Consumes, transforms and produces, a transaction for each poll. Whatever goes wrong, the session is made anew under the same transactional id;
// the records of the broken transaction come again from the group's offsets.
type pipe struct {
	request url.Values

	lock      sync.Mutex
	committed int
	restarts  int
	last      string
}

var thePipe *pipe

func startPipe(request url.Values) error {
	thePipe = &pipe{request: request}
	go func() {
		for {
			err := thePipe.run()
			thePipe.lock.Lock()
			thePipe.restarts++
			thePipe.last = err.Error()
			thePipe.lock.Unlock()
		}
	}()
	return nil
}

func piped(reply url.Values) error {
	thePipe.lock.Lock()
	defer thePipe.lock.Unlock()
	reply.Set("committed", strconv.Itoa(thePipe.committed))
	reply.Set("restarts", strconv.Itoa(thePipe.restarts))
	reply.Set("last", thePipe.last)
	return nil
}

func (one *pipe) run() error {
	options := append(groupOptions(one.request, one.request.Get("from")), kgo.Balancers(kgo.RangeBalancer()),
		kgo.TransactionalID(one.request.Get("id")),
		kgo.TransactionTimeout(20*time.Second), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DefaultProduceTopic(one.request.Get("to")))
	session, err := kgo.NewGroupTransactSession(options...)
	if err != nil {
		return err
	}
	defer session.Close()
	size, err := strconv.Atoi(one.request.Get("size"))
	if err != nil {
		return err
	}
	for {
		fetches := session.PollRecords(context.Background(), size)
		if fetches.NumRecords() == 0 {
			continue
		}
		if err := session.Begin(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), stuck)
		var failed kgo.FirstErrPromise
		fetches.EachRecord(func(record *kgo.Record) {
			session.Produce(ctx, &kgo.Record{Key: record.Key, Value: record.Value}, failed.Promise())
		})
		err := failed.Err()
		ended, endErr := session.End(ctx, kgo.TransactionEndTry(err == nil))
		cancel()
		if err == nil {
			err = endErr
		}
		if err != nil {
			return err
		}
		if ended {
			one.lock.Lock()
			one.committed += fetches.NumRecords()
			one.lock.Unlock()
		}
	}
}
