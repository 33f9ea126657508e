-- title: Events and users by country
-- chart: bar x=country y=events
SELECT coalesce(country, 'unknown') AS country,
       count(*) AS events,
       count(DISTINCT user_id) AS users,
       count(DISTINCT company) AS companies
FROM public.events
GROUP BY coalesce(country, 'unknown')
ORDER BY events DESC, country
LIMIT 20
