"""Runs the plugin as dockersnap does, against an engine in this process: python3 -m unittest discover test"""

import json
import os
import socketserver
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PLUGIN = Path(__file__).parent.parent / "plugin-python"


class FakeEngine(socketserver.ThreadingUnixStreamServer):
    """Remembers one container and every call. What `refused` names is answered with a failure."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, EngineCalls)
        self.calls = []
        self.container = None
        self.created = None
        self.executed = []
        self.loaded = b""
        self.refused = {}


class EngineCalls(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply_to("GET")

    def do_POST(self):
        self.reply_to("POST")

    def do_DELETE(self):
        self.reply_to("DELETE")

    def reply_to(self, method):
        engine, path = self.server, urlsplit(self.path).path
        body = self.read_body()
        engine.calls.append(f"{method} {self.path}")
        if path in engine.refused:
            self.send(500, {"message": engine.refused[path]})
        elif path == "/containers/page/json":
            self.send(*((200, {"State": {"Status": engine.container}}) if engine.container else (404, {"message": "none"})))
        elif path == "/containers/create":
            engine.created, engine.container = json.loads(body), "created"
            self.send(201, {"Id": "page"})
        elif path == "/images/create":
            self.send(200, {"status": f"Pulled {parse_qs(urlsplit(self.path).query)['fromImage'][0]}"})
        elif path == "/images/load":
            engine.loaded = body
            self.send(200, {"stream": "Loaded"})
        elif path == "/containers/page/exec":
            engine.executed.append(json.loads(body)["Cmd"])
            self.send(201, {"Id": "e1"})
        elif path == "/exec/e1/json":
            self.send(200, {"ExitCode": 0})
        elif path == "/exec/e1/start":
            self.send(200, {})
        elif method == "DELETE":
            engine.container = None
            self.send(204)
        else:
            engine.container = {"pause": "paused"}.get(path.rpartition("/")[2], "running")
            self.send(204)

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, status, document=None):
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if content:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class PluginTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.engine = FakeEngine(str(self.folder / "engine.sock"))
        threading.Thread(target=self.engine.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.engine.server_close)
        self.addCleanup(self.engine.shutdown)

    def run_plugin(self, command, config=None, stdin=None):
        """The exit code, and every document on stdout."""
        given = {
            "contract_version": "1",
            "command": command,
            "instance_name": "demo",
            "instance": {"name": "demo", "socket": self.engine.server_address, "ns_veth_ip": "127.0.0.1"},
            "plugin_config": {"text": "hi", "port": 8080, "image": "busybox:latest", **(config or {})},
        }
        stdin = json.dumps(given).encode() if stdin is None else stdin
        environment = {**os.environ, "DOCKERSNAP_LOG_LEVEL": "INFO"}
        ended = subprocess.run([PLUGIN, command], input=stdin, capture_output=True, env=environment, check=False)
        self.logs = [json.loads(line) for line in ended.stderr.decode().splitlines()]
        return ended.returncode, [json.loads(line) for line in ended.stdout.decode().splitlines()]

    def test_schema_names_the_plugin_as_its_file_is_named(self):
        code, [schema] = self.run_plugin("schema")
        self.assertEqual((code, schema["plugin_name"]), (0, PLUGIN.name))

    def test_a_port_that_is_none_is_refused_before_anything_is_made(self):
        for port in (0, 65536, "8080", True):
            code, [answer] = self.run_plugin("validate", {"port": port})
            self.assertEqual((code, answer["valid"]), (1, False))
            self.assertIn("'port'", answer["errors"][0])
        self.assertEqual(self.run_plugin("validate")[1][0]["valid"], True)

    def test_deploy_serves_the_text_and_comes_back_after_a_restart(self):
        text = "it's $(id) `id` \"quoted\" ü"
        code, events = self.run_plugin("deploy", {"text": text})
        self.assertEqual((code, events[-1]["step"], events[-1]["status"]), (0, "complete", "done"))
        self.assertIn(f"PAGE_TEXT={text}", self.engine.created["Env"])
        self.assertEqual(self.engine.created["HostConfig"]["RestartPolicy"], {"Name": "unless-stopped"})
        self.assertEqual(self.engine.container, "running")
        self.assertEqual([log["level"] for log in self.logs], ["INFO"])

    def test_deploy_loads_the_image_from_an_archive_where_one_is_given(self):
        archive = self.folder / "image.tar"
        archive.write_bytes(b"image" * 50_000)
        self.assertEqual(self.run_plugin("deploy", {"archive": str(archive)})[0], 0)
        self.assertEqual(self.engine.loaded, archive.read_bytes())
        self.assertFalse(any("/images/create" in call for call in self.engine.calls))

    def test_an_image_without_a_tag_is_pulled_as_its_latest(self):
        self.run_plugin("deploy", {"image": "registry:5000/page"})
        self.assertIn("POST /images/create?fromImage=registry%3A5000%2Fpage%3Alatest", self.engine.calls)

    def test_a_deploy_that_fails_says_so_in_the_engines_words(self):
        self.engine.refused["/images/create"] = "no such host"
        code, events = self.run_plugin("deploy")
        self.assertEqual((code, events[-1]["status"]), (1, "error"))
        self.assertIn("no such host", events[-1]["message"])

    def test_access_has_the_tokens_that_become_the_address(self):
        _, [answer] = self.run_plugin("access")
        self.assertEqual(answer["env"], {"PAGE_URL": "http://${HOST}:${PORT:page}"})

    def test_describe_and_health_tell_of_a_container_that_is_gone(self):
        _, [described] = self.run_plugin("describe")
        code, [health] = self.run_plugin("health", {"port": 1})
        self.assertEqual((described["status"], code, health["healthy"]), ("absent", 0, False))
        self.assertEqual([check["ok"] for check in health["checks"]], [False, False])

    def test_a_probe_without_an_engine_fails_with_an_error(self):
        self.engine.shutdown()
        self.engine.server_close()
        os.unlink(self.engine.server_address)
        code, [envelope] = self.run_plugin("health")
        self.assertEqual(code, 1)
        self.assertIn("does not answer", envelope["error"])

    def test_the_container_is_held_around_a_snapshot(self):
        self.engine.container = "running"
        self.assertEqual(self.run_plugin("pre_snapshot")[0], 0)
        self.assertEqual(self.engine.container, "paused")
        self.assertEqual(self.run_plugin("post_snapshot")[0], 0)
        self.assertEqual(self.engine.container, "running")

    def test_the_hooks_leave_an_instance_without_its_container_alone(self):
        for hook in ("pre_snapshot", "post_snapshot", "post_clone"):
            code, events = self.run_plugin(hook)
            self.assertEqual((code, [event["step"] for event in events]), (0, ["complete"]))

    def test_a_clone_gets_its_own_name(self):
        self.engine.container = "running"
        self.assertEqual(self.run_plugin("post_clone")[0], 0)
        self.assertEqual(self.engine.executed[0][-1], "demo")

    def test_nothing_is_left_to_tear_down(self):
        self.assertEqual(self.run_plugin("teardown")[1][-1]["step"], "complete")
        self.assertEqual(self.engine.calls, [])

    def test_input_that_is_no_input_is_an_error_and_no_traceback(self):
        for stdin in (b"", b"{", b"[]", b"\xff"):
            code, [envelope] = self.run_plugin("access", stdin=stdin)
            self.assertEqual((code, "error" in envelope), (1, True))

    def test_an_unknown_command_ends_with_64(self):
        self.assertEqual(self.run_plugin("dance"), (64, []))

    def test_init_says_nothing(self):
        self.assertEqual(self.run_plugin("init"), (0, []))


if __name__ == "__main__":
    unittest.main()
