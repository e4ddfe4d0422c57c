"""New rural development (nông thôn mới): what communes and villages have reached, and who has said so.

It owns the yearly assessment of rural communes by the 19 criteria, the recognition of communes and villages, the
register of villages, and the OCOP products with their certificates. Its words: criterion, assessment, recognition,
criteria set, level (meets, advanced, model), revocation, village, product, evaluation, certificate.

To *meet 19 of 19* is what an assessment finds; to be *recognized* is what a decision says: two figures, never one.
What is in force or valid on a day is computed from decisions and their dates, never stored. The service is the reporting
engine with this catalogue and these registers; it keeps no name of a person.
"""
