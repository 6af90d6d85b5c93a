"""Networks by OpenVINO: equal answers (1e-4), alone on a core in half of torch's time or less. Its only door."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.models.slowfast import SlowFast


def is_installed() -> bool:
    return find_spec("openvino") is not None


class Compiled:
    """A module by OpenVINO: tensors in, tensors out, all of them always of the same shapes."""

    def __init__(self, module: nn.Module, inputs: Sequence[Tensor], threads: int) -> None:
        """`inputs`: contiguous; the module answers with a tensor or a tuple of them, and must not depend on values.

        Raises:
            CheckpointMismatch: OpenVINO cannot run it.
        """
        _keep_to_ourselves()
        from openvino.frontend import FrontEndManager  # noqa: PLC0415 - optional, and slow to import
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder  # noqa: PLC0415

        frontend = FrontEndManager().load_by_framework("pytorch")
        with warnings.catch_warnings():
            # torch would rather export than trace: that takes 20 s and one more library.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            traced = torch.jit.trace(module.eval(), tuple(inputs), check_trace=False)  # type: ignore[no-untyped-call]
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        try:
            decoder = TorchScriptPythonDecoder(traced, example_input=tuple(inputs))  # the frontend does not hold it
            model = frontend.convert(frontend.load(decoder))
            model.reshape({place: list(one.shape) for place, one in enumerate(inputs)})
            self._request = _core().compile_model(model, "CPU", options).create_infer_request()
        except Exception as error:  # its errors have no base of their own
            why = " ".join(str(error).split())
            raise CheckpointMismatch(f"OpenVINO cannot run this network ({why}); take runtime: torch") from error

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Raises DeviceFailed: not this time."""
        given = {place: one.numpy() for place, one in enumerate(inputs)}
        try:
            said = self._request.infer(given, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise DeviceFailed(f"OpenVINO failed: {' '.join(str(error).split())}") from error
        return tuple(torch.from_numpy(one.copy()) for one in said.to_tuple())


class OpenVinoStages:
    """What follows the stems, for one clip: slow `(T / alpha, C, H, W)` and fast `(T, C, H, W)` → `(1, classes)`."""

    def __init__(self, network: SlowFast, slow: Tensor, fast: Tensor, threads: int) -> None:
        """`slow` and `fast`: what the stems say of any clip; their shapes are those of all clips to come."""
        self._compiled = Compiled(_AfterStems(network), (_pathway(slow), _pathway(fast)), threads)

    def __call__(self, slow: Tensor, fast: Tensor) -> Tensor:
        (said,) = self._compiled(_pathway(slow), _pathway(fast))
        return said


@cache
def _core() -> Any:
    """One for ever: each gives the thread that makes it a stack for signals and takes it away when it goes, so that of
    several the wrong one may be left, and the next signal ends the process."""
    from openvino import Core  # noqa: PLC0415

    return Core()


def _keep_to_ourselves() -> None:
    """OpenVINO tells its makers of every import, over the network and from a forked process, which hangs beside threads
    and holds what the service has open. Where `openvino_telemetry` cannot be imported, it does not."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


class _AfterStems(nn.Module):
    """What is traced is a module's `forward`."""

    def __init__(self, network: SlowFast) -> None:
        super().__init__()
        self.network = network

    def forward(self, slow: Tensor, fast: Tensor) -> Tensor:
        return self.network.after_stems(slow, fast)


def _pathway(pictures: Tensor) -> Tensor:
    """`(T, C, H, W)` → `(1, C, T, H, W)`."""
    return pictures.transpose(0, 1)[None].contiguous()
