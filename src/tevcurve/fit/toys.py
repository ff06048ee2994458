"""What draws light curves that chance could have given, of whichever kind of rows."""


class ToyMaker:
    """Draws light curves of rows; each kind adds `draw_counts` and what is known of its background.

    Parameters
    ----------
    profile : of the rows, see `tevcurve.fit.minimize`
    rows : sorted int array (n_rows,), numbers of the rows in the table of the light curve
    """

    def __init__(self, profile, rows):
        self.profile, self.rows = profile, rows

    @property
    def n_rows(self):
        """Number of rows of each light curve."""
        return len(self.rows)

    def draw(self, norms, n, rng, background=None):
        """The profile of n light curves; row r of light curve t is its bin t * n_rows + r.

        Parameters
        ----------
        norms : float, or array (n_rows,) or (n, n_rows), the truth
        n : int, number of light curves
        rng : numpy Generator
        background : what is true of the background, for each light curve or one for all, see the kinds; default: what
            fits the data best with these norms, or, where a prior says more of it, drawn from that
        """
        return self.profile_of(self.draw_counts(norms, n, rng, background), n)
