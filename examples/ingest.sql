-- Files land in a directory; a service function runs over their rows; every file once.
-- Run it with `cargo run --release -- run examples/ingest.sql`, and again: the second
-- time there is nothing left to do, until another file lands in examples/data/landing.

CREATE COMPUTE POOL IF NOT EXISTS ingest_pool
  MIN_NODES = 1
  MAX_NODES = 1
  INSTANCE_FAMILY = CPU_X64_XS;

CREATE SERVICE IF NOT EXISTS ingest_echo
  IN COMPUTE POOL ingest_pool
  FROM SPECIFICATION $$
spec:
  containers:
  - name: echo
    image: /floe/samples/images/echo:v1
    readinessProbe:
      port: 8000
      path: /healthcheck
  endpoints:
  - name: echoendpoint
    port: 8000
$$;

CREATE FUNCTION IF NOT EXISTS ingest_echo_udf (text VARCHAR)
  RETURNS VARCHAR
  SERVICE = ingest_echo
  ENDPOINT = echoendpoint
  AS '/echo';

-- What landed, each file in one batch and one batch only, written as Parquet.
COPY (
  SELECT id, name, ingest_echo_udf(name) AS greeting
  FROM STREAM read_files(
    'examples/data/landing',
    format => 'json',
    schema => 'id BIGINT, name STRING',
    useNotifications => true,
    checkpoint => '.floe/streams/landing',
    trigger => 'availableNow'
  )
) TO '.floe/out/landing' STORED AS PARQUET;

-- What came out, and how far the stream is.
SELECT * FROM read_files('.floe/out/landing', format => 'parquet') ORDER BY id;

SELECT path, size, commit_time IS NOT NULL AS committed
FROM cloud_files_state('.floe/streams/landing')
ORDER BY path;
