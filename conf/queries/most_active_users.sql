-- title: The users with the most events
-- chart: bar x=user_id y=events
SELECT user_id,
       count(*) AS events,
       count(DISTINCT file_date) AS days,
       min("timestamp") AS first_seen,
       max("timestamp") AS last_seen
FROM public.events
WHERE user_id IS NOT NULL
GROUP BY user_id
ORDER BY events DESC, user_id
LIMIT 20
