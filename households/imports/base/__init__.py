"""Sheets of households (基础台账表, 入户调查记录表): one row a resident, whole doors, a street at a time.

`fields` names the columns, `words` and `cells` read them column by column, `grouping` tells which rows are one
household, `register` reads what stands in the register around some hundred households, `doors`, `members` and
`surveys` hold the rows against it, `planner` joins them, `writing` and `changing` write.
"""
