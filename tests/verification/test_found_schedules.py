"""Schedules that once violated an invariant, cut down to what matters. None does any more."""

from __future__ import annotations

import pytest

from valr_connector.verification.run import simulate
from valr_connector.verification.schedule_text import from_text

FOUND = {
    "a dial that gets live after the pause in which it began closes the circuit of market data": """
        seed=50301093
        latency_s=0.002
        settings.circuit_failures=1
        0.024 cut socket=trade code=1012
        0.155 frame lasting=0.0 way=in fate=truncate socket=trade seconds=0.0
        0.732 frame count=2 lasting=0.0 way=in fate=late socket=trade seconds=1.337
    """,
    "a placement that was signed anew is the same attempt: its failure is the order's": """
        seed=40049988
        latency_s=0.05
        books=false
        venue.timestamp_tolerance_s=30.0
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.068 jump seconds=3600.0
        0.4 place name=o1 side=BUY amount=0.01 price=1021000 stop=995000 takes_profit=true
        0.408 take side=BUY amount=0.016
    """,
    "a new process looks for fills since VALR's word of an order, where this machine's clock was ahead": """
        seed=5
        journal=true
        books=false
        settings.on_close=leave
        0.05 jump seconds=3600
        0.1 place name=o0 side=BUY amount=0.01 price=995000
        0.5 modify name=o0 total=0.02
        1.0 crash
        1.1 take side=BUY amount=0.004
    """,
    "a new process looks for no fills from a time on that is still to come at VALR": """
        seed=5
        journal=true
        books=false
        settings.on_close=leave
        0.05 jump seconds=3600
        0.1 place name=o0 side=BUY amount=0.01 price=985000
        0.1 crash
        1.0 place name=o1 side=BUY amount=0.01 price=995000
        1.5 modify name=o1 total=0.02
        2.0 cut
        2.0 take side=BUY amount=0.004
    """,
    "a socket that is refused while VALR's clock cannot be read is dialled again": """
        seed=7399431891
        latency_s=0.002
        books=false
        venue.timestamp_tolerance_s=30.0
        venue.refuse_repeated_timestamps=true
        0.5 jump seconds=-3600.0
        0.5 request count=9 fate=truncate
        0.6 cut code=1006
    """,
    "an order that shows already what is asked for is asked about once that is done": """
        seed=7230854
        latency_s=0.002
        books=false
        venue.processing_jitter_s=0.1
        settings.place_timeout_s=0.5
        0.1 frame way=in fate=cut-after kind=OPEN_ORDERS_UPDATE seconds=0.0
        0.1 place name=o0 side=BUY amount=0.012 price=993095 post_only=true
        0.1 modify name=o0 remaining=0.012 on_match=CANCEL_ORIGINAL
        0.104 cut code=1006
        0.531 take side=BUY amount=0.006
    """,
    "what stands behind a stall is not read before it, so that a pong proves what was sent before": """
        seed=4202615
        latency_s=0.002
        books=false
        0.1 place name=o1 side=SELL amount=0.02 price=1014690
        0.2 place name=o3 side=BUY amount=0.02 price=985000
        1.0 frame way=out fate=stall seconds=6.5
        1.0 cancel name=o1
        1.1 place name=o2 side=SELL amount=0.016 price=1012000
        1.2 frame way=out fate=late seconds=1.3
        6.0 take side=BUY amount=0.002
    """,
    "a reconnect takes no answer to a question that was put before it": """
        seed=4097484
        latency_s=0.2
        books=false
        venue.send_placed_status=true
        venue.account_acks=false
        venue.processing_jitter_s=0.1
        settings.ping_interval_s=3.0
        0.785 place name=o0 side=BUY amount=0.016 price=981341
        0.785 cancel name=o0
        0.816 half-open seconds=6.0
        0.857 place name=o1 side=BUY amount=0.001 price=995287 post_only=true
        0.857 cancel name=o1
        0.857 batch places=b0 cancels=o0,o1 amount=0.004 price=986732
        1.32 cut code=1012
    """,
    "a cancel-all that closing overtakes does not wait to ask once more": """
        seed=4014902
        latency_s=0.05
        books=false
        venue.account_acks=false
        settings.on_close=leave
        0.95 frame count=2 way=in fate=late kind=PLACE_LIMIT_WS_RESPONSE seconds=4.843
        0.95 place name=o0 side=BUY amount=0.011 price=980628
        0.973 cancel name=o0
        1.022 frame way=out fate=cut-before seconds=0.0
        1.022 place name=o1 side=SELL amount=0.019 price=1002859 post_only=true
        1.058 cancel-all
        1.127 frame count=4 way=in fate=cut-before seconds=0.0
        1.226 restart
    """,
    "a fill beyond the size that is known shows that a modify made the order larger": """
        seed=4019817
        latency_s=0.002
        books=false
        venue.event_jitter_s=0.005
        venue.events_may_swap=true
        venue.reply_jitter_s=0.02
        settings.on_close=leave
        0.1 place name=o0 side=SELL amount=0.009 price=1007394 post_only=true
        0.1 modify name=o0 remaining=0.01
        0.105 frame way=out fate=cut-after seconds=0.0
        0.105 cancel name=o0
        0.107 take side=SELL amount=0.017
        0.115 request count=5 lasting=0.0 fate=error-before kind=GET_/v1/orders seconds=0.0 status=502
        0.607 close
    """,
    "a placement that VALR is slow to read is not held up by a half-open connection on top of it": """
        seed=1006833
        latency_s=0.05
        books=false
        0.1 place name=o1 side=BUY amount=0.008 price=996335
        0.1 frame way=out fate=late seconds=1.204
        0.1 place name=o2 side=SELL amount=0.002 price=1004262 post_only=true
        0.15 revoke name=o2
        0.691 take side=BUY amount=0.017
        1.202 half-open seconds=6.0
    """,
    "a process that died before it knew whose strange status it was owes nobody the news": """
        seed=1021694
        journal=true
        latency_s=0.05
        venue.customer_order_id_in_events=false
        venue.send_placed_status=true
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.1 refresh bid=997951 ask=1001951 amount=0.01
        1.1 crash writes=1 pause=0.2
        1.1 frame way=in fate=reword kind=ORDER_STATUS_UPDATE seconds=0.0
        1.1 refresh bid=997811 ask=1001811 amount=0.01
    """,
    "a placement held up on a living connection for longer than the grace is not proved absent": """
        seed=1
        latency_s=0.01
        2.7 frame way=out fate=stall seconds=6.949
        2.7 refresh bid=997114 ask=1001114 amount=0.01
    """,
    "an order placed and cancelled on a half-open connection that heals is told to its true end": """
        seed=86
        latency_s=0.2
        venue.open_orders_latency_s=0.5
        settings.ping_interval_s=3.0
        settings.silence_timeout_s=8.0
        1.779 place name=o1 side=BUY amount=0.013 price=996049
        1.779 cancel name=o1
        1.808 half-open seconds=6.0
        4.374 place name=o5 side=BUY amount=0.003 price=988943
        6.062 frame way=in fate=stall seconds=3.594
    """,
    "a cancel that closing overtakes returns at once": """
        seed=229
        latency_s=0.2
        settings.ping_interval_s=3.0
        0.156 frame way=out fate=cut-before seconds=0.0
        0.156 place name=o2 side=SELL amount=0.008 price=979000 tif=FOK
        0.156 request count=2 lasting=0.0 fate=lose-answer kind=DELETE_/v2/orders seconds=0.0 status=504
        0.156 cancel name=o2
        0.692 restart
        2.306 cancel-all
    """,
    "a connect without room in VALR's limits waits for it instead of connecting again and again": """
        seed=10079
        latency_s=0.2
        settings.reconcile_interval_s=8.0
        1.426 place name=o2 side=BUY amount=0.008 price=992999
        1.426 frame way=out fate=stall seconds=6.184
        1.426 place name=o3 side=SELL amount=0.008 price=979000
        1.584 request lasting=1.617 fate=error-before kind=GET_/v1/orders seconds=0.0 status=429
        1.584 cancel name=o2
        1.91 place name=o4 side=BUY amount=0.014 price=981515
        1.945 place name=o5 side=BUY amount=0.003 price=990089
        1.945 place name=o6 side=BUY quote=12298
        1.945 place name=o7 side=BUY amount=0.019 price=994372
        1.945 place name=o8 side=SELL amount=0.02 price=1017388
        1.953 frame way=in fate=cut-after kind=ORDER_STATUS_UPDATE seconds=0.0
        1.955 take side=BUY amount=0.007
        2.726 frame count=4 way=in fate=drop seconds=0.0
    """,
    "an order whose fills were heard of before is asked about after a reconnect": """
        seed=40
        latency_s=0.002
        venue.processing_jitter_s=0.5
        0.277 cut code=1006
        1.052 place name=o0 side=BUY amount=0.004 price=1021000
        1.978 market bid=974896 ask=1014896 amount=0.05
        2.343 place name=o4 side=SELL amount=0.011 price=1003374
        2.532 cancel name=o4
        2.542 take side=SELL amount=0.003
        2.671 cut code=1000
    """,
    "an answer to an earlier question is no news of an order after a reconnect": """
        seed=117
        latency_s=0.2
        venue.send_placed_status=true
        venue.processing_jitter_s=0.5
        venue.open_orders_latency_s=0.5
        settings.place_timeout_s=0.5
        settings.cancel_timeout_s=0.5
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.1 place name=o0 side=SELL amount=0.008 price=979000 tif=IOC
        0.111 frame way=out fate=stall seconds=0.432
        0.111 place name=o1 side=SELL amount=0.002 price=1011939 post_only=true
        0.111 place name=o2 side=BUY amount=0.006 price=988263 post_only=true
        0.147 cancel name=o1
        0.61 cancel-all
        0.829 place name=o3 side=BUY amount=0.017 price=999460
        0.829 place name=o4 side=BUY amount=0.024 price=1021000 tif=FOK
        0.829 frame way=in fate=drop kind=PLACE_LIMIT_WS_RESPONSE seconds=0.0
        0.829 place name=o5 side=SELL amount=0.04 price=979000 tif=IOC
        0.903 frame way=out fate=cut-before seconds=0.0
        0.903 cancel name=o3
        0.913 take side=BUY amount=0.019
        0.959 take side=BUY amount=0.004
        1.06 cancel name=o3
    """,
    "a modified order that ends learns of the fills whose frames were lost": """
        seed=1050
        latency_s=0.002
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.1 frame count=4 way=in fate=drop kind=NEW_ACCOUNT_TRADE seconds=0.0
        0.413 frame count=4 way=in fate=drop kind=ORDER_STATUS_UPDATE seconds=0.0
        0.968 place name=o1 side=SELL amount=0.052 price=979000 tif=IOC
        0.973 modify name=o1 price=979000 remaining=0.008 on_match=CANCEL_ORIGINAL
    """,
    "a start that is closed over ends": """
        seed=156
        latency_s=0.05
        journal=true
        venue.open_orders_latency_s=0.05
        0.148 crash pause=0.2
        0.697 close
    """,
    "a cancel that gets nowhere leaves a closing time to find what VALR only said had ended": """
        seed=1011123
        latency_s=0.2
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.1 place name=o9 side=BUY amount=0.02 price=991977
        0.146 frame way=out fate=cut-after kind=PLACE_LIMIT_ORDER seconds=0.0
        0.146 place name=o0 side=SELL amount=0.001 price=1017879
        0.302 request count=5 lasting=1.914 fate=error-before kind=DELETE_/v2/orders seconds=0.0 status=500
        0.302 restart
        0.836 misreport name=o9
    """,
    "a cancellation that nobody asked for is confirmed, and the fill that came instead is found": """
        seed=2008896
        latency_s=0.01
        0.1 place name=o9 side=SELL amount=0.02 price=1019714
        0.314 frame count=2 way=in fate=drop seconds=0.0
        1.143 misreport name=o9
        1.145 take side=SELL amount=0.03
    """,
    "the same, when the order is filled before anybody can ask": """
        seed=2013816
        latency_s=0.2
        0.1 place name=o9 side=BUY amount=0.02 price=987112
        0.777 frame count=4 way=in fate=drop seconds=0.0
        1.055 misreport name=o9
        1.055 take side=BUY amount=0.03
    """,
    "a fill of an order that was told as cancelled when it was asked for is found in the trade history": """
        seed=3
        latency_s=0.01
        0.1 place name=o9 side=BUY amount=0.02 price=990000
        0.5 frame way=out fate=stall kind=CANCEL_LIMIT_ORDER seconds=2.0
        0.5 cancel name=o9
        0.6 frame count=4 way=in fate=drop kind=NEW_ACCOUNT_TRADE seconds=0.0
        0.6 frame count=4 way=in fate=drop kind=FAILED_CANCEL_ORDER seconds=0.0
        0.602 misreport name=o9
        0.603 frame count=4 way=in fate=drop kind=ORDER_STATUS_UPDATE seconds=0.0
        0.604 take side=BUY amount=0.03
    """,
    "an order placed by REST while the socket connected has ended unheard, and is asked about": """
        seed=2011032
        latency_s=0.2
        venue.order_status_needs_subscription=true
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.012 cut code=1000
        0.214 place name=o1 side=SELL amount=0.08 price=979000 tif=IOC
    """,
    "an ending that is told in words that nobody knows is asked about until VALR finds other words": """
        seed=6018083
        latency_s=0.2
        books=false
        venue.finished_order_status=invalid
        venue.open_orders_latency_s=0.5
        settings.ping_interval_s=3.0
        0.086 request count=5 lasting=2.203 fate=reword seconds=0.0 status=504
        0.15 place name=o0 side=SELL amount=0.001 price=1002088 post_only=true
        0.234 modify name=o0 price=979000 on_match=REPRICE
        0.303 frame count=2 way=in fate=reword kind=ORDER_STATUS_UPDATE seconds=0.0
        0.303 place name=o1 side=BUY amount=0.01 price=989753
        0.303 place name=o2 side=SELL amount=0.02 price=1009999 post_only=true
        0.494 cancel name=o2
        0.545 market bid=996218 ask=1036218 amount=0.05
        0.879 cut code=1012
    """,
    "a PONG that is told twice passes for no answer to the PING after it": """
        seed=9087561
        latency_s=0.05
        venue.event_jitter_s=0.3
        settings.place_timeout_s=0.5
        0.691 place name=o0 side=BUY amount=0.036 price=1021000 tif=IOC
        1.286 half-open seconds=2.0
        1.319 place name=o1 side=BUY amount=0.011
        2.026 frame count=2 way=in fate=twice seconds=0.0
        2.297 frame way=out fate=stall seconds=4.988
        2.297 place name=o2 side=BUY amount=0.003 price=981027 post_only=true
    """,
    "a stranger adopted while the connection gets in step, from the older list that it begins with": """
        seed=70031439
        latency_s=0.2
        venue.order_status_needs_subscription=true
        venue.cancel_on_disconnect_delay_s=0.3
        settings.cancel_on_disconnect=true
        settings.untracked_orders=adopt
        0.0 market bid=980000 ask=1020000 amount=0.05
        0.1 place name=o9 side=SELL amount=0.02 price=1005123
        0.141 foreign side=BUY amount=0.001 price=960000 customer_order_id=somebody-else
        0.189 jump seconds=5.0
        0.258 half-open
        0.285 place name=o0 side=BUY amount=0.014 price=990755
        0.285 cancel name=o0
        0.29 take side=BUY amount=0.017
        0.688 misreport name=o9
        0.688 take side=SELL amount=0.03
    """,
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_was_found_once_stays_mended(text: str) -> None:
    report = simulate(from_text(text))
    assert not report.violations, [str(violation) for violation in report.violations]
