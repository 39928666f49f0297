"""The function JOIN_TEXT(N NUMBER, TEXT VARCHAR) RETURNS VARCHAR as a FastAPI service.

Started as `uvicorn fastapi_service:app`. The body is read and written by orjson, by hand: a
pydantic model, or a returned dictionary, would be walked a second time for every row.
"""

import gc

import orjson
from fastapi import FastAPI, Request, Response

app = FastAPI(openapi_url=None)


@app.post("/join", response_class=Response)
async def join(request: Request) -> Response:
    rows = orjson.loads(await request.body())["data"]
    answers = [[row, f"{text}:{number}"] for row, number, text in rows]
    return Response(orjson.dumps({"data": answers}), media_type="application/json")


# Each row is a list or two, and none of them is ever part of a cycle. With the default threshold
# the search for cycles would walk them all, and everything imported, over and over.
gc.freeze()
gc.set_threshold(100_000, 50, 100)
