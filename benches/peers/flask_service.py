"""The function JOIN_TEXT(N NUMBER, TEXT VARCHAR) RETURNS VARCHAR as a Flask service.

Started as `gunicorn flask_service:app`. The body is read and written by the standard library's
json, by hand: `jsonify` would sort keys that are never out of order.
"""

import gc
import json

from flask import Flask, Response, request

app = Flask(__name__)

# One encoder for all answers: `json.dumps` makes a new one for options that are not its defaults.
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@app.post("/join")
def join() -> Response:
    rows = json.loads(request.get_data(cache=False))["data"]
    answers = [[row, f"{text}:{number}"] for row, number, text in rows]
    return Response(encode({"data": answers}), mimetype="application/json")


# Each row is a list or two, and none of them is ever part of a cycle. With the default threshold
# the search for cycles would walk them all, and everything imported, over and over.
gc.freeze()
gc.set_threshold(100_000, 50, 100)
