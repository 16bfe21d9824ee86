"""The composition root: joins the concrete parts into processes."""
