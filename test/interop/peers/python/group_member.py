"""Members of groups, for both Python peers: each polls in a thread of its own, notes what it receives in its file, and only then commits."""

import threading
import traceback

LEAVE_SECONDS = 60


class Member(threading.Thread):
    """`open_consumer(request, on_assigned)` gives the library's consumer with poll() -> [(partition, offset)], assigned(), commit(), close()."""

    def __init__(self, request, open_consumer):
        super().__init__(daemon=True)
        self.request = request
        self.open_consumer = open_consumer
        self.leaving = False
        self.assigned = []
        self.rebalances = 0
        self.failure = None

    def run(self):
        try:
            consumer = self.open_consumer(self.request, self._on_assigned)
            try:
                with open(self.request["file"], "a") as file:
                    while not self.leaving:
                        received = consumer.poll()
                        self.assigned = sorted(consumer.assigned())
                        if received:
                            file.write("".join(f"{partition} {offset}\n" for partition, offset in received))
                            file.flush()
                            consumer.commit()
            finally:
                consumer.close()
        except Exception as error:
            traceback.print_exc()
            self.failure = error

    def _on_assigned(self):
        self.rebalances += 1


def member_acts(open_consumer):
    members = {}

    def join(request):
        members[request["member"]] = Member(request, open_consumer)
        members[request["member"]].start()

    def state(request):
        member = members[request["member"]]
        if member.failure:
            raise member.failure
        return {"assigned": ",".join(map(str, member.assigned)), "rebalances": member.rebalances}

    def leave(request):
        member = members.pop(request["member"])
        member.leaving = True
        member.join(LEAVE_SECONDS)
        if member.is_alive():
            raise RuntimeError(f"it did not leave within {LEAVE_SECONDS} s")
        if member.failure:
            raise member.failure

    return {"join": join, "state": state, "leave": leave}
