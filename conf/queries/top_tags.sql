-- title: The tags seen most often
-- chart: bar x=tag y=events
-- Tags are separated by ";". Postgres and Redshift both have split_part, but not one way to make
-- rows of an array: hence the list of positions, which bounds the tags of an event to eight.
WITH positions AS (
    SELECT 1 AS position UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8
), tags AS (
    SELECT split_part(e.tags, ';', p.position) AS tag, e.user_id
    FROM public.events e
    JOIN positions p ON split_part(e.tags, ';', p.position) <> ''
)
SELECT tag, count(*) AS events, count(DISTINCT user_id) AS users
FROM tags
GROUP BY tag
ORDER BY events DESC, tag
LIMIT 20
