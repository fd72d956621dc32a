"""The embedded VALR: venue, REST server and both sockets on loopback.

Written from the protocol alone; it shares no code with the connector it judges.
"""
