"""A simulated work cell, drawn from a seed with its ground truth, and scenes that are none."""

from recognizers.data.synthetic.cell import WorkCell
from recognizers.data.synthetic.elsewhere import Elsewhere
from recognizers.data.synthetic.script import ACTIONS, IDLE, LABELS, Script, Segment

__all__ = ["ACTIONS", "IDLE", "LABELS", "Elsewhere", "Script", "Segment", "WorkCell"]
