CREATE SERVICE IF NOT EXISTS shop.api.prices
  IN COMPUTE POOL small_pool
  FROM SPECIFICATION $$
spec:
  containers:
    - name: prices
      image: /shop/api/images/prices:2
$$
  MIN_INSTANCES = 1 MAX_INSTANCES = 3
  EXTERNAL_ACCESS_INTEGRATIONS = (feed, "Other")
  QUERY_WAREHOUSE = IDENTIFIER('wh') COMMENT = 'today''s prices';
