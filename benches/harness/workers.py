"""Long-lived workers, and rounds in which they take turns. Only one works at a time."""
import json
import re
import select
import subprocess
import tempfile

import peers

# Seconds that one answer may take.
PATIENCE = 900


class Worker:
    """A peer's process."""

    def __init__(self, name, command):
        self.name, self.command, self.is_warm = name, command, False
        self.start()

    def start(self):
        self.complaints = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints, text=True, bufsize=1)

    def ask(self, line):
        """The answer; `error` in it when there is none."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
                self.process.kill()
                return {"error": "took too long"}
            answer = self.process.stdout.readline()
            return json.loads(answer) if answer else {"error": f"died: {self.said()[-200:].strip()}"}
        except (BrokenPipeError, json.JSONDecodeError) as error:
            return {"error": repr(error)}

    def said(self):
        """What it wrote to its standard error."""
        self.complaints.seek(0)
        return self.complaints.read()

    def revive(self):
        """For the next job, when the last one was its end."""
        if self.process.poll() is not None:
            self.start()
            self.is_warm = False

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(commands):
    """A worker for each command."""
    return {name: Worker(name, command) for name, command in commands.items()}


def versions(workers):
    """What each says of itself in its first line: a name and a number."""
    said = {name: re.match(r"[A-Za-z ]+ [\d.]+", worker.said()) for name, worker in workers.items()}
    return {name: found[0] for name, found in said.items() if found}


def rounds(job, columns, workers, data, options):
    """Times of one job: {column: [answer of each round] or [error]}."""
    found, todo = {}, []
    for worker in workers.values():
        worker.revive()
    loaded = {name: worker.ask(job.load(data)) for name, worker in workers.items() if any(c[2] == name for c in columns)}
    ms = options.ms * (3 if job.size == "25m" else 1)
    for key, _, peer, mode in columns:
        if "ok" not in loaded.get(peer, {}):
            continue
        worker = workers[peer]
        if not worker.is_warm and peer in peers.WARM_UP:
            worker.ask(job.run(mode, peers.WARM_UP[peer] * options.warm_up * 1000, 0))
            worker.is_warm = True
        # Not counted: pools fill, and a worker says whether it can do this at all.
        first = worker.ask(job.run(mode, ms / 4, 0))
        if "error" in first:
            found[key] = [first]
        else:
            todo.append((key, worker, mode))
    for _ in range(options.rounds):
        for key, worker, mode in todo:
            found.setdefault(key, []).append(worker.ask(job.run(mode, ms, 0)))
    return found
