"""What the API key has to be allowed to do before anything is begun with it (protocol 2.1, 9.1)."""

from __future__ import annotations

from valr_connector.errors import PermissionDeniedError
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints


async def check_permissions(rest: RestClient, until: int) -> frozenset[str]:
    """Ask VALR what the key may do; it has to be allowed to read and to trade.

    Args:
        until: how long to wait for room in VALR's limits, monotonic nanoseconds.

    Returns:
        All that it may, in VALR's words.

    Raises:
        PermissionDeniedError: it is not; names what is lacking.
        others: as `RestClient.call_patiently`.
    """
    try:
        row = await rest.call_patiently(endpoints.api_key(), until=until)
    except PermissionDeniedError as refused:
        raise PermissionDeniedError(
            f"the API key lacks the permission View access; VALR says: {refused.reason}",
            code=refused.code,
            status=refused.status,
            request=refused.request,
        ) from None
    key = row.to_info()
    granted = {"View access": key.can_view, "Trade": key.can_trade}
    lacking = [name for name, is_granted in granted.items() if not is_granted]
    if lacking:
        raise PermissionDeniedError(f"the API key lacks the permission {' and '.join(lacking)}")
    return key.permissions
