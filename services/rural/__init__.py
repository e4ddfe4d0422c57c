"""New rural development (nông thôn mới): the criteria that communes meet, and the decisions that recognize them.

It owns the yearly assessments of rural communes by the 19 criteria and their 57 indicators, the recognitions of communes
and villages, the register of villages, and the OCOP products with their certificates.

Terms: criteria set (bộ tiêu chí), criterion (tiêu chí), indicator (chỉ tiêu), threshold (ngưỡng), region (vùng), verdict
(kết luận), assessment (đánh giá), recognition (công nhận), level (meets, advanced, model), revocation (thu hồi), grounds
(căn cứ), exception (ngoại lệ), village (thôn), product (sản phẩm), owner (chủ thể), evaluation, grantor, certificate.

A verdict follows from the values of the indicators, compared with the thresholds of the area and the assessment year, or
the reporting unit states it with its evidence; the answer names which. That a commune *meets 19 of 19* is the result of an
assessment; that it is *recognized* is a decision: two different figures. What is in force or valid on a day is computed
from decisions and their dates, and never stored. A recognition stays in force, also under an earlier set, until it is
revoked or the unit is recognized again. A decision that breaks a rule is refused with the clause, or accepted by an
exception that is recorded with its reason.

The service is the reporting engine with this catalogue and these registers. It never keeps the name of a person.

    criteria/      criteria sets and thresholds; the verdicts that follow from values
    thresholds/    the thresholds that a province sets; uses assessments/ and criteria/
    assessments/   what is reported of the criteria; uses criteria/
    recognitions/  decisions that recognize; uses assessments/ and criteria/
    revocations/   decisions that end recognitions; uses recognitions/
    villages/      the register of villages; uses recognitions/
    ocop/          products, their evaluations and certificates
    standards/     standards of districts and the province; uses recognitions/ and assessments/
    registrations/ the yearly plan and the steps to a recognition; uses communes/ and recognitions/
    communes/      one commune with everything above
"""
