"""The facts of the base ledger of 淮口's demo by one query, as they are stored; of sealed numbers as many characters
as they have in clear, so that the floor neither opens them nor writes more than the ledger does."""

from __future__ import annotations

FACTS = """
SELECT row_number() OVER (), village.name, grp.name, area.name, home.building, home.unit, home.floor, home.door,
    head.name, left(head.phone, 11), home.housing_kind, numbers.registered, numbers.living, numbers.away,
    numbers.away_where, person.name, residency.relation, person.sex,
    extract(year FROM age('2020-01-29'::date, person.birth_date))::int, person.id_kind, left(person.id_number, 18),
    left(person.phone, 11), residency.kind, answer.left_county, answer.hubei_contact, answer.returned_from,
    answer.left_on, answer.returned_on, answer.transport, answer.companions, answer.temperature, answer.symptoms,
    answer.note, home.survey_state, survey.method, letter.number, survey.absent_try, survey.visited_at, staff.name,
    CASE WHEN survey.respondent_relation <> '' THEN
        concat_ws(' ', survey.respondent, survey.respondent_relation, left(survey.respondent_phone, 11)) END
FROM households_household home
JOIN grid_area area ON area.id = home.area_id
JOIN grid_area grp ON grp.path = left(area.path, 16)
JOIN grid_area village ON village.path = left(area.path, 12)
LEFT JOIN households_residency residency ON residency.household_id = home.id AND residency.ended_on IS NULL
LEFT JOIN households_person person ON person.id = residency.person_id
LEFT JOIN households_residency first ON first.household_id = home.id AND first.ended_on IS NULL
    AND first.relation = 'HEAD'
LEFT JOIN households_person head ON head.id = first.person_id
LEFT JOIN (
    SELECT household_id, count(*) FILTER (WHERE kind = 'REGISTERED') AS registered,
        count(*) FILTER (WHERE NOT is_away) AS living, count(*) FILTER (WHERE is_away) AS away,
        max(away_where) AS away_where
    FROM households_residency WHERE ended_on IS NULL GROUP BY household_id
) numbers ON numbers.household_id = home.id
LEFT JOIN (
    SELECT DISTINCT ON (household_id) * FROM households_survey ORDER BY household_id, visited_at DESC
) survey ON survey.household_id = home.id
LEFT JOIN households_commitmentletter letter ON letter.survey_id = survey.id
LEFT JOIN households_surveymember answer ON answer.survey_id = survey.id AND answer.person_id = residency.person_id
LEFT JOIN grid_staff staff ON staff.id = survey.staff_id
WHERE home.closed_on IS NULL
ORDER BY area.path, home.walk_key, home.id, residency."order", residency.id
"""
