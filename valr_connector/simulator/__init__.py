"""The embedded VALR: venue, REST server and both sockets on loopback.

Written from the protocol alone; it shares no code with the connector it judges.

It trades spot pairs, and tells of perpetuals (protocol 7.12) without trading them. Not here, and so 404, are
conditional orders, margin and positions (10.11, 13). Subaccounts are the owner's own, not those of customers.
Of the flags of an order, allowMargin is refused with -19213; reduceOnly, postOnlyReprice and
conditionalOrderData are with -11.

Where the protocol knows of two ways, :mod:`valr_connector.simulator.settings` has a switch or this holds:

* a modified order is "Partially Filled" after its next fill, and "Order Modified" until then (10.5)
* the executed amounts of a status are those of its event (unknown 8); OPEN_ORDERS_UPDATE is a full list (10)
* a socket is authenticated by its headers alone, not by AUTHENTICATE (12)
* to cancel or modify what is not open is -1 (19)
* numbers of books go on after a restart (23); while writes are refused, sockets stay and commands fail (24)
* a price off its tick is -11, nothing is rounded but quantities (25); numbers may be JSON numbers (35)
* a customerOrderId is free again when its order has ended (26); a clientMsgId may come twice (27)
* a modify may name its order by customerOrderId alone (29)
* a simple order pays quote to buy and base to sell; its fee is taken from what it receives. It ends in
  INSTANT_ORDER_COMPLETED, also where it fails, after neither ORDER_PROCESSED nor NEW_ACCOUNT_TRADE; the trade
  history has its fills, the statement one line. A quote needs View access; what is more than the book can
  take is -39, an unknown order -1 (11)
* what only the primary account may ask is 401 for a subaccount's key, too (3.1); an unknown account is -11
  (12)
* a transfer needs "Internal Transfer"; too little money is -6 at once, and nothing is told where it is gone
  later (12)
* a page of transactionhistory has up to 200 entries, 100 unless asked; an unknown type or currency finds none
* leaving all pairs out of a SUBSCRIBE means all pairs; naming one twice is naming it once (14.2)
"""
