"""The account of the caller."""

from __future__ import annotations

from fastapi import APIRouter

from ..access import PROOFS, TheCaller, TheServer
from .auth import AccountInfo, account_info

router = APIRouter(tags=["account"], dependencies=PROOFS)


@router.get("/v1/auth/me")
def me(server: TheServer, caller: TheCaller) -> AccountInfo:
    """The account that asks."""
    return account_info(server.accounts.people.get(caller))
