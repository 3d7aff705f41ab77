"""What we show: charts, tables and one offline page, from saved results."""
