-- title: What people do where: the busiest URIs by action
-- chart: bar x=uri y=events
SELECT uri,
       count(*) AS events,
       sum(CASE WHEN action = 'view' THEN 1 ELSE 0 END) AS views,
       sum(CASE WHEN action = 'click' THEN 1 ELSE 0 END) AS clicks,
       sum(CASE WHEN action = 'search' THEN 1 ELSE 0 END) AS searches,
       sum(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END) AS purchases,
       sum(CASE WHEN action = 'share' THEN 1 ELSE 0 END) AS shares,
       sum(CASE WHEN action = 'signup' THEN 1 ELSE 0 END) AS signups
FROM public.events
GROUP BY uri
ORDER BY events DESC, uri
LIMIT 20
