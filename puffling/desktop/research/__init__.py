"""What panels share that compute on history: a form beside its pages, what runs, what is kept of it."""
