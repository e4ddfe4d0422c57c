"""New rural development (nông thôn mới): what communes and villages have reached, and who has said so.

It owns the yearly assessment of rural communes by the 19 criteria and their 57 indicators, the recognition of communes and
villages, the register of villages, and the OCOP products with their certificates. Its words: criteria set, criterion,
indicator, threshold, region, verdict, assessment, recognition, level (meets, advanced, model), revocation, grounds,
exception, village, product, owner, evaluation, grantor, certificate.

A verdict on a criterion follows from the values of its indicators, held to the thresholds of the place and the assessment
year, or rests on what the reporting unit states with its evidence; which of the two it is is always said.
To *meet 19 of 19* is what an assessment finds; to be *recognized* is what a decision says: two figures, never one.
What is in force or valid on a day is computed from decisions and their dates, never stored: a recognition goes on, under
an earlier set too, until it is revoked or the unit is recognized again. A rule that is broken is refused with its clause, or
set aside by an exception that is recorded with its reason. The service is the reporting
engine with this catalogue and these registers; it keeps no name of a person.
"""
