# SPDX-License-Identifier: MIT
"""A labgrid strategy: switches a board, or QEMU, on, waits for the end of Landfall's log, and switches it off again."""
import enum

import attr
from labgrid.factory import target_factory
from labgrid.protocol import ConsoleProtocol, PowerProtocol
from labgrid.strategy import Strategy, StrategyError

# The last line of KTAP: of all lines `clean: POLICY` the one that is no comparison; or an error or a fault.
END = r"ok \d+ - clean: [a-z-]+( # SKIP (?!comparison)[^\r\n]*)?\r?\n|Bail out! [^\r\n]*\r?\n"


class Status(enum.Enum):
    unknown = 0
    off = 1
    done = 2


@target_factory.reg_driver
@attr.s(eq=False)
class LandfallStrategy(Strategy):
    """transition("done") boots once; .log is the serial log then, as tools/check-log takes it."""

    bindings = {"power": PowerProtocol, "console": ConsoleProtocol}
    status = attr.ib(default=Status.unknown)
    timeout = attr.ib(default=300, validator=attr.validators.instance_of(int))
    log = attr.ib(default=b"")

    def transition(self, status):
        if not isinstance(status, Status):
            status = Status[status]
        if status == Status.unknown:
            raise StrategyError("there is no way back to unknown")
        if status == self.status:
            return
        self.target.activate(self.console)
        self.target.activate(self.power)
        self.power.off()
        if status == Status.done:
            self.power.on()
            _, before, match, _ = self.console.expect([END], timeout=self.timeout)
            self.log = before + match.group(0)
            self.power.off()
        self.status = status
