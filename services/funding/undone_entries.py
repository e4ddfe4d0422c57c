"""The refusals about entries that were reversed or corrected. Pure.

Problem
└── Conflict
    ├── AlreadyReversed        already_reversed         an entry is reversed once
    ├── AlreadyCorrected       already_corrected        a corrected entry is neither reversed nor corrected again
    ├── ReversalNotReversible  reversal_not_reversible  a reversal is final, and so is a correction
    ├── ReplacedInEffect       replaced_in_effect       the entry to be replaced is in effect
    ├── ReplacedByAnotherKind  replaced_by_another_kind an entry is replaced by one of its kind
    ├── AlreadyReplaced        already_replaced         an entry is replaced once
    ├── EntryCorrected         entry_corrected          the same entry by decision was corrected: it was never true
    └── VoucherCorrected       voucher_corrected        the same payment was corrected: it was never true
"""

from services.funding.entry_kinds import REVERSING_KINDS, EntryKind
from services.funding.ledger import Entry, Voucher
from shared.kit.problems import Conflict, Sentence


class AlreadyReversed(Conflict):
    """An entry is reversed once."""

    code = "already_reversed"
    title = Sentence("Bút toán đã được đảo", "Already reversed")
    detail = Sentence("Bút toán {entry} đã được đảo.", "The entry {entry} was reversed before.")

    def __init__(self, entry: str, reversed_by: str | None = None) -> None:
        super().__init__(entry=entry, reversed_by=reversed_by)


class AlreadyCorrected(Conflict):
    """A corrected entry was never true: it is neither reversed nor corrected again."""

    code = "already_corrected"
    title = Sentence("Bút toán đã được đính chính", "Already corrected")
    detail = Sentence("Bút toán {entry} đã được đính chính.", "The entry {entry} was corrected before.")

    def __init__(self, entry: str, corrected_by: str | None = None) -> None:
        super().__init__(entry=entry, corrected_by=corrected_by)


class ReversalNotReversible(Conflict):
    """A reversal or a correction is final: a fact that was undone by mistake is recorded again."""

    code = "reversal_not_reversible"
    title = Sentence("Không đảo được bút toán đảo", "A reversal is final")
    detail = Sentence(
        "Bút toán {entry} là bút toán đảo hoặc đính chính; hãy ghi lại bút toán mới.",
        "The entry {entry} is a reversal or a correction; record the fact again instead.",
    )

    def __init__(self, entry: str) -> None:
        super().__init__(entry=entry)


class ReplacedInEffect(Conflict):
    """An entry is recorded in place of one that was corrected or reversed."""

    code = "replaced_in_effect"
    title = Sentence("Bút toán còn hiệu lực", "The entry is in effect")
    detail = Sentence(
        "Bút toán {entry} đang có hiệu lực; hãy đính chính bút toán đó trước.",
        "The entry {entry} is in effect; correct it first.",
    )

    def __init__(self, entry: str) -> None:
        super().__init__(entry=entry)


class ReplacedByAnotherKind(Conflict):
    """An entry is recorded in place of one of the same kind."""

    code = "replaced_by_another_kind"
    title = Sentence("Bút toán khác loại", "An entry of another kind")
    detail = Sentence(
        "Bút toán {entry} thuộc loại {kind}; chỉ bút toán cùng loại mới ghi thay được.",
        "The entry {entry} is of the kind {kind}; only an entry of that kind is recorded in its place.",
    )

    def __init__(self, entry: str, kind: EntryKind) -> None:
        super().__init__(entry=entry, kind=kind.value)


class AlreadyReplaced(Conflict):
    """An entry is replaced once."""

    code = "already_replaced"
    title = Sentence("Bút toán đã được ghi thay", "Already replaced")
    detail = Sentence(
        "Bút toán {entry} đã được ghi thay bằng bút toán {replaced_by}.",
        "The entry {entry} was replaced by the entry {replaced_by}.",
    )

    def __init__(self, entry: str, replaced_by: str | None) -> None:
        super().__init__(entry=entry, replaced_by=replaced_by)


class EntryCorrected(Conflict):
    """The same entry by decision was corrected: sent again it would take effect again, so it must name the corrected one."""

    code = "entry_corrected"
    title = Sentence("Bút toán cùng nội dung đã được đính chính", "The same entry was corrected")
    detail = Sentence(
        "Bút toán {entry} cùng loại, dòng vốn, số tiền, năm gốc và quyết định {decision} đã được đính chính. Nếu ghi lại, hãy "
        "nêu bút toán đó và lý do trong replaces.",
        "The entry {entry} with the same kind, line, amount, year of origin and decision {decision} was corrected. To record it "
        "anew, name that entry and the reason in replaces.",
    )

    def __init__(self, decision: str, entry: str, corrected_by: str) -> None:
        super().__init__(decision=decision, entry=entry, corrected_by=corrected_by)


class VoucherCorrected(Conflict):
    """The same entry of the voucher was corrected: sent again it would take effect again, so it must name the corrected one."""

    code = "voucher_corrected"
    title = Sentence("Chứng từ đã được đính chính", "The voucher was corrected")
    detail = Sentence(
        "Chứng từ {number} của {source} với cùng nội dung đã được đính chính (bút toán {entry}). Nếu ghi lại, hãy nêu bút toán "
        "đó và lý do trong replaces.",
        "The voucher {number} of {source} with the same content was corrected (entry {entry}). To record it anew, name that "
        "entry and the reason in replaces.",
    )

    def __init__(self, voucher: Voucher, entry: str, corrected_by: str | None) -> None:
        super().__init__(source=voucher.issuer, number=voucher.number, entry=entry, corrected_by=corrected_by)


def require_replaceable(kind: EntryKind, replaced: Entry | None) -> None:
    """Raise where an entry of a kind cannot be recorded in place of another one; None: it names none.

    That one must be undone, of the same kind, and neither a reversal nor a correction.
    """
    if replaced is None:
        return
    if replaced.kind in REVERSING_KINDS:
        raise ReversalNotReversible(str(replaced.id))
    if replaced.kind is not kind:
        raise ReplacedByAnotherKind(str(replaced.id), replaced.kind)
    if replaced.is_in_effect:
        raise ReplacedInEffect(str(replaced.id))
