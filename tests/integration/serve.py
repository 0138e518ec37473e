"""serve.py PORT [UPSTREAM_PORT]: answers GET /N... with a short text, /big/SIZE with that many bytes; with an upstream, it is a proxy to
127.0.0.1 and asks it everything."""
import http.client
import http.server
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if len(sys.argv) > 2:
            upstream = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]))
            upstream.request("GET", self.path)
            body = upstream.getresponse().read()
            upstream.close()
        elif self.path.startswith("/big/"):
            body = b"0123456789abcdef" * (int(self.path[5:]) // 16)
        else:
            body = b"answer to " + self.path.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Answer).serve_forever()
