-- The tutorial's echo service, from nothing to a rolling upgrade and back.
-- Run it from the project's root: cargo run --release -- run examples/quickstart.sql

-- What an earlier run may have left in the data directory.
DROP SERVICE IF EXISTS echo_service;
DROP COMPUTE POOL IF EXISTS tutorial_compute_pool;

CREATE COMPUTE POOL tutorial_compute_pool
  MIN_NODES = 1
  MAX_NODES = 1
  INSTANCE_FAMILY = CPU_X64_XS;

-- Two instances of a real HTTP server. Each batch takes 50 ms, so that the
-- upgrade below meets work in flight.
CREATE SERVICE echo_service
  IN COMPUTE POOL tutorial_compute_pool
  MIN_INSTANCES = 2
  MAX_INSTANCES = 2
  MIN_READY_INSTANCES = 1
  FROM SPECIFICATION_TEMPLATE $$
    spec:
      containers:
      - name: echo
        image: {{ image_url }}
        env:
          SERVER_PORT: {{ SERVER_PORT }}
          CHARACTER_NAME: {{ character_name | default('Bob') }}
          ECHO_DELAY_MS: 50
        readinessProbe:
          port: {{ SERVER_PORT }}
          path: /healthcheck
      endpoints:
      - name: echoendpoint
        port: {{ SERVER_PORT }}
        public: true
    $$
    USING (image_url => ' "/floe/samples/images/echo:v1" ', SERVER_PORT => 8000);

CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo_service');

SHOW SERVICES;
SHOW SERVICE INSTANCES IN SERVICE echo_service;
SHOW ENDPOINTS IN SERVICE echo_service;
DESCRIBE SERVICE echo_service;
SELECT SYSTEM$GET_SERVICE_DNS_DOMAIN('public');

-- A SQL function whose body is the path /echo of the service's endpoint.
CREATE OR REPLACE FUNCTION my_echo_udf (text VARCHAR)
  RETURNS VARCHAR
  SERVICE = echo_service
  ENDPOINT = echoendpoint
  MAX_BATCH_ROWS = 20
  AS '/echo';

SELECT my_echo_udf('Hello!');

-- 3 779 rows of a file, in batches of 20 over both instances.
SELECT book, count(*) AS verses, count(DISTINCT answer) AS answers, max(length(answer)) AS longest
  FROM (SELECT book, my_echo_udf(message) AS answer
          FROM read_files('examples/data/gospels.csv', format => 'csv'))
 GROUP BY book
 ORDER BY book;

-- A rolling upgrade to another image: instance 1, then instance 0. ALTER
-- returns at once, and the query after it runs meanwhile and loses no row.
ALTER SERVICE echo_service
  FROM SPECIFICATION_TEMPLATE $$
    spec:
      containers:
      - name: echo
        image: {{ image_url }}
        env:
          SERVER_PORT: {{ SERVER_PORT }}
          CHARACTER_NAME: {{ character_name | default('Bob') }}
          ECHO_DELAY_MS: 50
        readinessProbe:
          port: {{ SERVER_PORT }}
          path: /healthcheck
      endpoints:
      - name: echoendpoint
        port: {{ SERVER_PORT }}
        public: true
    $$
    USING (image_url => ' "/floe/samples/images/echo:v2" ', SERVER_PORT => 8000);

SELECT count(*) AS rows_in, count(my_answer) AS rows_answered
  FROM (SELECT my_echo_udf(message) AS my_answer
          FROM read_files('examples/data/gospels.csv', format => 'csv'));

CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo_service');
SHOW SERVICE CONTAINERS IN SERVICE echo_service;

ALTER SERVICE echo_service SUSPEND;
ALTER SERVICE echo_service RESUME;
CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo_service');

DROP SERVICE echo_service;
DROP COMPUTE POOL tutorial_compute_pool;
