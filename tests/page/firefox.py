# SPDX-License-Identifier: MIT
"""Firefox without another program in between: its own remote protocol (Marionette) on a socket, what little is needed of it."""
import json
import socket
import subprocess
import time


class Firefox:
    def __init__(self, profile):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\nuser_pref("app.update.enabled", false);\n')
        self.process = subprocess.Popen(["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket, self.number = self.connect(port), 0
        self.receive()
        self.ask("WebDriver:NewSession", {})

    def connect(self, port):
        for _ in range(600):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=120)
            except OSError:
                assert self.process.poll() is None, "firefox-esr has ended"
                time.sleep(0.1)
        raise AssertionError("firefox-esr does not listen")

    def receive(self):
        """One message: its length, a colon, JSON."""
        length = b""
        while (byte := self.socket.recv(1)) != b":":
            assert byte
            length += byte
        data = b""
        while len(data) < int(length):
            data += self.socket.recv(int(length) - len(data))
        return json.loads(data)

    def ask(self, command, words):
        self.number += 1
        data = json.dumps([0, self.number, command, words]).encode()
        self.socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self.receive()
        assert error is None, error
        return result

    def go(self, url):
        self.ask("WebDriver:Navigate", {"url": url})

    def js(self, script, *words):
        return self.ask("WebDriver:ExecuteScript", {"script": script, "args": list(words)})["value"]

    def give(self, element_id, path):
        found = self.ask("WebDriver:FindElement", {"using": "css selector", "value": f"#{element_id}"})["value"]
        self.ask("WebDriver:ElementSendKeys", {"id": next(iter(found.values())), "text": str(path)})

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(60)
