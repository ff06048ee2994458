"""Light curves in the files and objects of other packages."""
