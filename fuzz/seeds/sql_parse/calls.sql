CALL SYSTEM$GET_SERVICE_LOGS('s', '0', 'c', 500, False, NULL, -1);
select system$wait_for_services(60, 'a', $$b$$) as "Done"; SELECT SYSTEM$F('a'), 1
