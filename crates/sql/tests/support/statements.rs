//! Statements of the dialect as its documentation and its clients write them.

/// What is parsed.
pub(crate) const SUPPORTED: &[&str] = &[
    "CREATE SERVICE echo_service IN COMPUTE POOL p FROM SPECIFICATION $$ spec: {} $$;",
    "CREATE SERVICE echo_service IN COMPUTE POOL p FROM @tutorial_stage
       SPECIFICATION_FILE='echo_spec.yaml' MIN_INSTANCES=2 MAX_INSTANCES=4 MIN_READY_INSTANCES=1;",
    "CREATE SERVICE echo_service IN COMPUTE POOL p MIN_INSTANCES=1 MAX_INSTANCES=1
       FROM SPECIFICATION_TEMPLATE $$ spec: {{ a }} $$ USING (env_values=>'{\"A\": 1}' );",
    r#"CREATE SERVICE "DB"."SC"."SVC" IN COMPUTE POOL "POOL" FROM '@\"DB\".\"SC\".\"ST\"/p'
       SPECIFICATION_TEMPLATE_FILE = 'spec.yaml' USING ("tag" => $$latest$$)"#,
    "CREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION 'spec: {}'
       WITH MIN_INSTANCES = 1 EXTERNAL_ACCESS_INTEGRATIONS=(hf_access_eai);",
    "CREATE SERVICE s MIN_INSTANCES=2 MAX_INSTANCES=2 IN COMPUTE POOL p FROM @x SPEC='f.yaml';",
    "ALTER SERVICE s SET MIN_INSTANCES=3 MAX_INSTANCES=5;",
    "ALTER SERVICE s UNSET MIN_INSTANCES, AUTO_SUSPEND_SECS, COMMENT",
    "alter service s from specification $$ {\"spec\": {}} $$",
    "SHOW JOB SERVICES;",
    "SHOW SERVICES EXCLUDE JOBS LIKE 'a%' IN COMPUTE POOL p STARTS WITH 'A' LIMIT 10 FROM 'B';",
    "SHOW SERVICES OF TYPE USER;",
    "SELECT * FROM TABLE(mydb.myschema.my_test_job!SPCS_GET_LOGS(
       START_TIME => DATEADD('day', -3, CURRENT_TIMESTAMP())));",
    "CREATE FUNCTION my_echo_udf (text varchar) RETURNS varchar
       SERVICE=echo_service ENDPOINT=echoendpoint AS '/echo';",
    "ALTER FUNCTION my_echo_udf(VARCHAR) SET MAX_BATCH_ROWS = 15 MAX_BATCH_RETRIES = 5;",
    "CREATE COMPUTE POOL n MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = f AUTO_RESUME = True
       INITIALLY_SUSPENDED = False AUTO_SUSPEND_SECS = 3600",
    "alter compute pool n stop all",
    "call SYSTEM$GET_SERVICE_LOGS('n', '0', 'c', 500, False, '', False);",
    "drop service if exists n force",
    "show service containers in service n",
];

/// What is known and refused by name.
pub(crate) const NOT_SUPPORTED: &[(&str, &str)] = &[
    (
        "ALTER SERVICE s RESTORE VOLUME \"myvolume\" INSTANCES 0,2 FROM SNAPSHOT my_snapshot;",
        "ALTER SERVICE … RESTORE VOLUME",
    ),
    (
        "EXECUTE JOB SERVICE IN COMPUTE POOL p FROM SPECIFICATION $$...$$
           NAME = j ASYNC = TRUE REPLICAS = 3",
        "EXECUTE JOB SERVICE",
    ),
    (
        "EXECUTE JOB SERVICE IN COMPUTE POOL p NAME = j FROM @s SPEC='f.yaml';",
        "EXECUTE JOB SERVICE",
    ),
    (
        "CALL example_job_service!spcs_wait_for('DONE', 120)",
        "CALL EXAMPLE_JOB_SERVICE!SPCS_WAIT_FOR",
    ),
    (
        "GRANT SERVICE ROLE my_service!all_endpoints_usage TO ROLE some_role;",
        "GRANT SERVICE ROLE",
    ),
    (
        "GRANT SERVICE ROLE ON service service_db.my_schema.my_service!all_endpoints_usage
           TO ROLE func_owner;",
        "GRANT SERVICE ROLE",
    ),
    ("USE DATABASE tutorial_db;", "USE DATABASE"),
    ("USE SCHEMA data_schema;", "USE SCHEMA"),
];
