"""Oversight (công tác quản lý, điều hành): who steers the programs, what was issued, what was checked, what is to be done.

It owns steering bodies, documents, communication, conferences, inspections, recommendations, supervisions and audits,
difficulties, tasks, and the plan of a year. It keeps agencies and offices, never persons: a member of a body is an agency, a
signer is an office. Legal basis: NĐ 27/2022/NĐ-CP, NĐ 38/2023/NĐ-CP, QĐ 1920/QĐ-TTg.

Terms: record (a body, a document, a conference …), version, act (what made a version: recorded, corrected, withdrawn,
answered …), steering body (ban chỉ đạo, tổ công tác …), document (văn bản), demand (what a document asks for by a day),
recommendation (kiến nghị), addressee, difficulty (khó khăn, vướng mắc).

A record is a series of versions; none is ever changed. What is in force on a day follows from the days of the newest versions,
as known at an instant. Counts are register figures of the reporting engine, so each has its lineage, and can be published.

    records/          versions of records: what all registers share
    agencies/         the agencies and offices, as dated facts
    bodies/           steering bodies and their members
    documents/        documents, their relations, what is in force, what they demand
    citations/        decisions that other services name, by their feeds
    campaigns/        communication: plans, movements, activities
    conferences/      conferences and their conclusions
    inspections/      inspection teams, visits, findings
    recommendations/  from their issue to their closing by who issued them
    supervisions/     supervision and audits, their requests and conclusions
    difficulties/     what a unit raises and a competent level answers
    tasks/            tasks with an owner, a day, and the product that proves them done
    plans/            the plan of a year: objectives, targets, capital, tasks
"""
