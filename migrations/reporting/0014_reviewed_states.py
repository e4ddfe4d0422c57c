"""A report has a state only together with the review row of that state and instant, which is checked at the commit.

An index sums the evidence files of a client.
"""

from alembic import op

revision = "reporting_0014"
down_revision = "reporting_0013"
branch_labels = None
depends_on = None
compatible_from = "reporting_0013"


def upgrade() -> None:
    op.create_index(
        "ix_evidence_files_client_id", "evidence_files", ["client_id"], postgresql_include=["size_bytes"]
    )
    op.execute(
        """
        CREATE FUNCTION require_review() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM reviews
                WHERE reviews.report_id = NEW.id AND reviews.at = NEW.state_at
                  AND (reviews.action = NEW.state OR (reviews.action = 'reinstated' AND NEW.state = 'accepted'))
            ) THEN
                RAISE EXCEPTION 'report % is % without a review', NEW.id, NEW.state
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_reports_state_reviewed', TABLE = 'reports';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER ck_reports_state_reviewed AFTER INSERT OR UPDATE OF state, state_at ON reports
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_review()
        """
    )
