"""leak_target.py PORT ANSWERS.json FOLDER: a server that records what arrives, byte for byte, and answers each request as
the recorded server did: by the number in X-Case, from the list that leak_traffic.py wrote."""
import json, os, re, sys, threading

sys.dont_write_bytecode = True
from replay_server import answer_of, serve

answers = {int(number): text.encode("latin-1") for number, text in json.load(open(sys.argv[2])).items()}
lock = threading.Lock()


def handle(head, fields, body):
    with lock, open(os.path.join(sys.argv[3], "arrived"), "ab") as file:
        file.write(head + body + b"\n")
    case = re.search(rb"X-Case: public-(\d+)", head)
    return [answers[int(case[1])]] if case and int(case[1]) in answers else answer_of(200)


serve(int(sys.argv[1]), handle)
