"""Papers (biểu mẫu và văn bản): forms in Excel, out and in, and issued documents.

It owns document templates and issued documents, and decides nothing about figures: the programs decide, this service
translates. It knows the other services only over HTTP through the gateway, with the caller's own token. Legal basis of the
layout: NĐ 30/2020/NĐ-CP; of the reports: TT 10/2022/TT-BLĐTBXH, TT 15/2021/TT-BTC.

Terms: form (biểu nhập: units as rows, indicators as columns), layout (what a form shows, made from the catalogue), template
(mẫu văn bản: paragraphs with slots), slot (where a figure is printed), issue (văn bản đã ban hành: a template with the
exact answers that it was filled from, and its files).

    jobs/       work on files, in processes of its own with limits of time and memory
    forms/      forms in Excel: layouts, writing, reading, translation of faults into cells
    documents/  templates with slots, filled from answers; docx, pdf, xlsx
    templates/  templates that offices upload: Word files with content controls
    issues/     issued documents, and what has moved since
    drafts/     drafts that were edited: each figure must equal its source
    published/  printed figures of published documents, reconciled with the data
"""
